package io.qnet.slirp.icmp;

import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.NeighbourDiscovery;
import io.qnet.slirp.ip.PacketHandler;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Icmp;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * ICMPv6 from guests (RFC 4443): echo requests and errors, and neighbour discovery by those who are registered for it, once length and checksum are right. Multicast listeners' reports are taken and mean nothing here: every guest gets every group (RFC 3810).
 *
 * <p>Loop thread only.
 */
public final class Icmpv6Input implements PacketHandler {
    private static final int MLD_QUERY = 130;
    private static final int MLD_REPORT = 131;
    private static final int MLD_DONE = 132;
    private static final int MLD2_REPORT = 143;

    private final Echo echo;
    private final @Nullable PacketHandler[] handlers = new @Nullable PacketHandler[256];
    private final Counter badChecksum;
    private final Counter malformed;
    private final Counter otherTypes;

    /** Input of one network. */
    public Icmpv6Input(Echo echo, GuestErrors errors, Counters counters) {
        this.echo = echo;
        for (int type = Icmp.V6_UNREACHABLE; type <= Icmp.V6_PARAMETER_PROBLEM; type++) {
            handler(type, errors::onPacket6);
        }
        handler(Icmp.V6_ECHO_REQUEST, this::onEchoRequest);
        badChecksum = counters.counter("drop.icmpv6-checksum");
        malformed = counters.counter("drop.icmpv6-malformed");
        otherTypes = counters.counter("drop.icmpv6-type");
        Counter listeners = counters.counter("icmpv6.multicast-listeners");
        for (int type : new int[] {MLD_QUERY, MLD_REPORT, MLD_DONE, MLD2_REPORT}) {
            handler(type, (packet, nowNanos) -> listeners.increment());
        }
    }

    /** Has messages of this type given to {@code handler}: whole, contiguous, with the right checksum. */
    public void handler(int type, PacketHandler handler) {
        handlers[type] = handler;
    }

    private void onEchoRequest(InPacket packet, long nowNanos) {
        if (packet.source().equals(IpAddress.ANY6) || packet.data().getUnsignedByte(packet.transportIndex() + 1) != 0) {
            malformed.increment();
        } else if (packet.destination().equals(NeighbourDiscovery.ALL_NODES)) {
            echo.onRequestToAll(packet);
        } else {
            echo.onRequest(packet, nowNanos);
        }
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
        packet.makeContiguous();
        if (packet.transportLength() < Icmp.HEADER_LENGTH) {
            malformed.increment();
            return;
        }
        if (!packet.isChecksumValid(packet.transportLength())) {
            badChecksum.increment();
            return;
        }
        PacketHandler handler = handlers[packet.data().getUnsignedByte(packet.transportIndex())];
        if (handler == null) {
            otherTypes.increment();
        } else {
            handler.onPacket(packet, nowNanos);
        }
    }
}
