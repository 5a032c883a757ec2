package io.qnet.testkit;

import java.net.InetAddress;
import java.time.Duration;

/**
 * The answer to a ping.
 *
 * @param from who answered
 * @param ttl the TTL that the answer arrived with
 * @param bytes how many bytes of data came back; they were equal to those sent
 * @param time how long it took, in the network's time: zero if it was answered within one turn
 */
public record PingReply(InetAddress from, int ttl, int bytes, Duration time) {}
