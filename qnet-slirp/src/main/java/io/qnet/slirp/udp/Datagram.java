package io.qnet.slirp.udp;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.InPacket;
import io.qnet.wire.IpAddress;
import io.qnet.wire.UdpView;
import org.jspecify.annotations.Nullable;

/** A datagram from a guest, checked, with the packet that it came in: reused for all datagrams and borrowed for the call. Its payload is contiguous. */
public final class Datagram {
    private final UdpView view = new UdpView();
    private @Nullable InPacket packet;

    Datagram() {}

    /** Reads a packet that is contiguous. False if its lengths lie. */
    boolean wrap(InPacket packet) {
        this.packet = packet;
        return view.wrap(packet.data(), packet.transportIndex(), packet.transportLength());
    }

    /** Whether its checksum is right, or there is none. */
    boolean isChecksumValid() {
        return view.checksum() == 0 || packet().isChecksumValid(view.length());
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
        return view.payloadIndex();
    }

    /** The bytes of the payload; may be 0. */
    public int payloadLength() {
        return view.payloadLength();
    }
}
