/**
 * TCP towards the guest: a full endpoint (RFC 9293) between the guest's segments and a {@link io.qnet.host.HostStream}. Pure: no clock, thread, socket, logger or random source; time is an argument.
 *
 * <p>{@link io.qnet.slirp.tcp.TcpStack} finds the connection of each segment and lets every connection send once a turn. A connection is a state machine ({@code TcpConnection}) over two halves:
 * {@code Receiver} with its {@code Assembler}, and {@code Sender} with {@code SendBuffer}, {@code Recovery} over a {@code Scoreboard}, {@code RttEstimator} and {@code Congestion}. What is sent is made by
 * {@code Emission}. New connections are decided by an {@link io.qnet.slirp.tcp.Opener}.
 *
 * <p>Not done: ECN, TCP Fast Open, pacing, urgent data (taken as data), selective repeat without SACK beyond RFC 6582.
 */
@NullMarked
package io.qnet.slirp.tcp;

import org.jspecify.annotations.NullMarked;
