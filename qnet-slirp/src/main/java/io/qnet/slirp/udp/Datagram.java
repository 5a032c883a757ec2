package io.qnet.slirp.udp;

import io.netty.buffer.ByteBuf;
import io.qnet.Offload;
import io.qnet.slirp.ip.InPacket;
import io.qnet.wire.IpAddress;
import io.qnet.wire.UdpView;
import org.jspecify.annotations.Nullable;

/** A datagram from a guest, checked, with the packet that it came in: reused for all datagrams and borrowed for the call. Its payload is contiguous. */
public final class Datagram {
    private final UdpView view = new UdpView();
    private @Nullable InPacket packet;
    private int cutAt;
    private int cutLength;

    Datagram() {}

    /** Reads a packet that is contiguous. False if its lengths lie. */
    boolean wrap(InPacket packet) {
        this.packet = packet;
        cutAt = 0;
        boolean isMany =
                packet.frame().gsoType() == Offload.GSO_UDP_L4 && packet.frame().gsoSize() > 0;
        cutLength = isMany ? packet.frame().gsoSize() : Integer.MAX_VALUE;
        return view.wrap(packet.data(), packet.transportIndex(), packet.transportLength());
    }

    /** Goes on to the next datagram of a super-frame that nobody has cut (virtio-net's UDP segmentation); false if there is none. */
    boolean next() {
        if (cutLength >= view.payloadLength() - cutAt) {
            return false;
        }
        cutAt += cutLength;
        return true;
    }

    /** Whether its checksum is right, or there is none. Over IPv6 there must be one (RFC 8200 §8.1). */
    boolean isChecksumValid() {
        return (view.checksum() == 0 && packet().source().isIpv4()) || packet().isChecksumValid(view.length());
    }

    /** The packet that it came in, for errors about it. */
    public InPacket packet() {
        InPacket present = packet;
        if (present == null) {
            throw new IllegalStateException("no datagram");
        }
        return present;
    }

    /** The guest's address. */
    public IpAddress source() {
        return packet().source();
    }

    /** The guest's port. */
    public int sourcePort() {
        return view.sourcePort();
    }

    /** Where it goes. */
    public IpAddress destination() {
        return packet().destination();
    }

    /** The port where it goes. */
    public int destinationPort() {
        return view.destinationPort();
    }

    /** The buffer that holds the payload. */
    public ByteBuf data() {
        return view.buffer();
    }

    /** Where the payload begins in {@link #data()}. */
    public int payloadIndex() {
        return view.payloadIndex() + cutAt;
    }

    /** The bytes of the payload; may be 0. */
    public int payloadLength() {
        return Math.min(cutLength, view.payloadLength() - cutAt);
    }
}
