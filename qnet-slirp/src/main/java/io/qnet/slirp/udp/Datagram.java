package io.qnet.slirp.udp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.slirp.ip.InPacket;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** A datagram from a guest, checked: a view on its packet, reused for all datagrams and borrowed for the call. */
public final class Datagram {
    /** Bytes of UDP's header. */
    public static final int HEADER_LENGTH = 8;

    private @Nullable InPacket packet;
    private ByteBuf data = Unpooled.EMPTY_BUFFER;
    private int at;
    private int length;

    Datagram() {}

    /** Reads a packet that is contiguous. False if its lengths lie (RFC 768). */
    boolean wrap(InPacket packet) {
        if (packet.transportLength() < HEADER_LENGTH) {
            return false;
        }
        int udpLength = packet.data().getUnsignedShort(packet.transportIndex() + 4);
        if (udpLength < HEADER_LENGTH || udpLength > packet.transportLength()) {
            return false;
        }
        this.packet = packet;
        data = packet.data();
        at = packet.transportIndex();
        length = udpLength;
        return true;
    }

    /** Whether its checksum is right, or there is none. */
    boolean isChecksumValid() {
        return data.getShort(at + 6) == 0 || packet().isChecksumValid(length);
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
        return data.getUnsignedShort(at);
    }

    /** Where it goes. */
    public IpAddress destination() {
        return packet().destination();
    }

    /** The port where it goes. */
    public int destinationPort() {
        return data.getUnsignedShort(at + 2);
    }

    /** The buffer that holds the payload. */
    public ByteBuf data() {
        return data;
    }

    /** Where the payload begins in {@link #data()}. */
    public int payloadIndex() {
        return at + HEADER_LENGTH;
    }

    /** The bytes of the payload; may be 0. */
    public int payloadLength() {
        return length - HEADER_LENGTH;
    }
}
