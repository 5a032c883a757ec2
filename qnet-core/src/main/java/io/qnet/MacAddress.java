package io.qnet;

import io.netty.buffer.ByteBuf;
import io.qnet.option.MacSyntax;
import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param value its 48 bits, the first byte on the wire highest
 */
public record MacAddress(long value) {
    /** ff:ff:ff:ff:ff:ff. */
    public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);
    /** 00:00:00:00:00:00, which QEMU takes for "not set". */
    public static final MacAddress ZERO = new MacAddress(0);

    private static final HexFormat HEX = HexFormat.ofDelimiter(":");

    /** Checks that there are no more than 48 bits. */
    public MacAddress {
        if (value >>> 48 != 0) {
            throw new IllegalArgumentException("more than 48 bits: " + Long.toHexString(value));
        }
    }

    /**
     * From QEMU's text: six hexadecimal groups with {@code :} or {@code -} between them, or one integer, which sets the last three bytes.
     *
     * @throws NetdevException with QEMU's text if it is none
     */
    public static MacAddress parse(String text) {
        Long mac = MacSyntax.parse(text);
        if (mac == null) {
            throw new NetdevException("invalid syntax for ethernet address");
        }
        return new MacAddress(mac);
    }

    /** From six bytes. */
    public static MacAddress of(byte[] bytes) {
        if (bytes.length != 6) {
            throw new IllegalArgumentException("a MAC address has 6 bytes, not " + bytes.length);
        }
        long value = 0;
        for (byte each : bytes) {
            value = value << 8 | (each & 0xff);
        }
        return new MacAddress(value);
    }

    /** The six bytes at {@code index}. */
    public static MacAddress read(ByteBuf buffer, int index) {
        return new MacAddress((buffer.getInt(index) & 0xffff_ffffL) << 16 | buffer.getUnsignedShort(index + 4));
    }

    /** Writes the six bytes at {@code index}. */
    public void write(ByteBuf buffer, int index) {
        buffer.setInt(index, (int) (value >>> 16));
        buffer.setShort(index + 4, (int) value);
    }

    /** The six bytes. */
    public byte[] toBytes() {
        byte[] bytes = new byte[6];
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (value >>> (40 - 8 * i));
        }
        return bytes;
    }

    /** Whether it names a group (broadcast included): the first byte is odd. */
    public boolean isMulticast() {
        return (value >>> 40 & 1) != 0;
    }

    @Override
    public String toString() {
        return HEX.formatHex(toBytes());
    }
}
