package io.qnet.socket;

import io.qnet.EndpointConfig;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * How to make an {@link L2tpv3Netdev}. Immutable; the methods answer changed copies.
 *
 * @param id the name of the netdev
 * @param local where it is bound
 * @param remote where frames are sent
 * @param udp whether it is carried by UDP; else by IP protocol 115, for which ports mean nothing
 * @param txSession the session of what is sent
 * @param rxSession the session of what is taken
 * @param cookies what proves the sender, or null for none
 * @param counter whether frames are numbered, from 1
 * @param pinCounter whether the number is always 0
 * @param offset bytes of zero between header and frame
 */
public record L2tpv3Config(
        String id,
        InetSocketAddress local,
        InetSocketAddress remote,
        boolean udp,
        int txSession,
        int rxSession,
        @Nullable Cookies cookies,
        boolean counter,
        boolean pinCounter,
        int offset)
        implements EndpointConfig<L2tpv3Netdev> {
    /**
     * Cookies.
     *
     * @param tx of what is sent
     * @param rx of what is taken
     * @param wide whether they have 64 bits, else 32
     */
    public record Cookies(long tx, long rx, boolean wide) {}

    /** A tunnel over UDP with the plain header. */
    public static L2tpv3Config udp(String id, InetSocketAddress local, InetSocketAddress remote, int session) {
        return new L2tpv3Config(id, local, remote, true, session, session, null, false, false, 0);
    }

    /** With another session in what is taken. */
    public L2tpv3Config rxSession(int session) {
        return new L2tpv3Config(id, local, remote, udp, txSession, session, cookies, counter, pinCounter, offset);
    }

    /** With cookies. */
    public L2tpv3Config cookies(Cookies cookies) {
        return new L2tpv3Config(id, local, remote, udp, txSession, rxSession, cookies, counter, pinCounter, offset);
    }

    /** With numbers, or with a pinned number of 0. */
    public L2tpv3Config counter(boolean pinned) {
        return new L2tpv3Config(id, local, remote, udp, txSession, rxSession, cookies, true, pinned, offset);
    }

    /** With bytes of zero between header and frame. */
    public L2tpv3Config offset(int bytes) {
        return new L2tpv3Config(id, local, remote, udp, txSession, rxSession, cookies, counter, pinCounter, bytes);
    }

    @Override
    public L2tpv3Netdev create() {
        return new L2tpv3Netdev(this);
    }
}
