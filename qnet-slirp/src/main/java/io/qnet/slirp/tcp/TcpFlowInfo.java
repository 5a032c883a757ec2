package io.qnet.slirp.tcp;

/**
 * One line of a listing of connections.
 *
 * @param flow which connection
 * @param state its state
 * @param fromHost whether the host opened it (a forward), rather than the guest
 * @param toGuestBytes bytes of the host's that the guest has not acknowledged
 * @param toHostBytes bytes of the guest's that the host has not taken
 */
public record TcpFlowInfo(TcpFlow flow, TcpState state, boolean fromHost, long toGuestBytes, long toHostBytes) {}
