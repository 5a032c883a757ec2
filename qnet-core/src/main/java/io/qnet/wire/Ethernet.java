package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** Ethernet's header: destination, source, type. There is no FCS anywhere in qnet. */
public final class Ethernet {
    /** The bytes of the header. */
    public static final int HEADER_LENGTH = 14;
    /** The least length of a frame on a real wire, without FCS. */
    public static final int MIN_LENGTH = 60;
    /** EtherType of IPv4. */
    public static final int TYPE_IPV4 = 0x0800;
    /** EtherType of ARP. */
    public static final int TYPE_ARP = 0x0806;
    /** EtherType of RARP. */
    public static final int TYPE_RARP = 0x8035;
    /** EtherType of an IEEE 802.1Q tag. */
    public static final int TYPE_VLAN = 0x8100;
    /** EtherType of an IEEE 802.1ad service tag. */
    public static final int TYPE_QINQ = 0x88a8;
    /** EtherType of IPv6. */
    public static final int TYPE_IPV6 = 0x86dd;
    /** ff:ff:ff:ff:ff:ff. */
    public static final long BROADCAST = 0xffff_ffff_ffffL;

    private Ethernet() {}

    /** Writes a header at {@code index}; addresses are 48 bits. */
    public static void write(ByteBuf buffer, int index, long destination, long source, int type) {
        writeAddress(buffer, index, destination);
        writeAddress(buffer, index + 6, source);
        buffer.setShort(index + 12, type);
    }

    /** Writes the six bytes of an address. */
    public static void writeAddress(ByteBuf buffer, int index, long address) {
        buffer.setInt(index, (int) (address >>> 16));
        buffer.setShort(index + 4, (int) address);
    }

    /** Reads the six bytes of an address. */
    public static long readAddress(ByteBuf buffer, int index) {
        return (buffer.getInt(index) & 0xffff_ffffL) << 16 | buffer.getUnsignedShort(index + 4);
    }

    /** Whether an address names a group, broadcast included. */
    public static boolean isMulticast(long address) {
        return (address >>> 40 & 1) != 0;
    }
}
