package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Reads an ARP packet for IPv4 over Ethernet in place. */
public final class ArpView {
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;

    /** Creates a view of nothing. */
    public ArpView() {}

    /** Points to a packet; false, and nothing has changed, if it is too short or not for IPv4 over Ethernet. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        if (length < Arp.LENGTH
                || buffer.getUnsignedShort(index) != 1
                || buffer.getUnsignedShort(index + 2) != Ethernet.TYPE_IPV4
                || buffer.getUnsignedByte(index + 4) != 6
                || buffer.getUnsignedByte(index + 5) != 4) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        return true;
    }

    /** {@link Arp#REQUEST}, {@link Arp#REPLY} or another. */
    public int operation() {
        return buffer.getUnsignedShort(index + 6);
    }

    /** The sender's MAC, 48 bits. */
    public long senderMac() {
        return Ethernet.readAddress(buffer, index + 8);
    }

    /** The sender's IPv4 address. */
    public int senderAddress() {
        return buffer.getInt(index + 14);
    }

    /** The target's MAC, 48 bits; of no meaning in a request. */
    public long targetMac() {
        return Ethernet.readAddress(buffer, index + 18);
    }

    /** The target's IPv4 address. */
    public int targetAddress() {
        return buffer.getInt(index + 24);
    }
}
