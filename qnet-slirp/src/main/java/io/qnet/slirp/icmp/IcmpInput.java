package io.qnet.slirp.icmp;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.PacketHandler;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Checksum;
import io.qnet.wire.Icmp;

/**
 * ICMP from guests (RFC 792): echo requests and errors, once length and checksum are right. Everything else is dropped: timestamps, masks, redirects, source quench.
 *
 * <p>Loop thread only.
 */
public final class IcmpInput implements PacketHandler {
    private final Echo echo;
    private final GuestErrors errors;
    private final Counter badChecksum;
    private final Counter malformed;
    private final Counter otherTypes;

    /** Input of one network. */
    public IcmpInput(Echo echo, GuestErrors errors, Counters counters) {
        this.echo = echo;
        this.errors = errors;
        badChecksum = counters.counter("drop.icmp-checksum");
        malformed = counters.counter("drop.icmp-malformed");
        otherTypes = counters.counter("drop.icmp-type");
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
        packet.makeContiguous();
        if (packet.transportLength() < Icmp.HEADER_LENGTH) {
            malformed.increment();
            return;
        }
        ByteBuf data = packet.data();
        int at = packet.transportIndex();
        int type = data.getUnsignedByte(at);
        if (!packet.isChecksumTrusted() && Checksum.finish(Checksum.sum(data, at, packet.transportLength())) != 0) {
            badChecksum.increment();
        } else if (type == Icmp.ECHO_REQUEST && data.getUnsignedByte(at + 1) == 0) {
            echo.onRequest(packet, nowNanos);
        } else if (GuestErrors.isError(type)) {
            errors.onPacket(packet, nowNanos);
        } else {
            otherTypes.increment();
        }
    }
}
