package io.qnet.wire;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IPv4 or IPv6 address as two longs. IPv4 is kept as IPv4-mapped (RFC 4291 §2.5.5.2), so that one flow key, one table and one comparison serve both families.
 *
 * @param high the first eight bytes, big-endian; 0 for IPv4
 * @param low the last eight bytes; {@code 0x0000ffff} and the four bytes of an IPv4 address
 */
public record IpAddress(long high, long low) {
    private static final long MAPPED = 0xffffL << 32;

    /** 0.0.0.0. */
    public static final IpAddress ANY4 = ofIpv4(0);
    /** The IPv6 unspecified address. */
    public static final IpAddress ANY6 = new IpAddress(0, 0);
    /** 255.255.255.255. */
    public static final IpAddress BROADCAST4 = ofIpv4(-1);

    /** An IPv4 address from its 32 bits. */
    public static IpAddress ofIpv4(int address) {
        return new IpAddress(0, mapped(address));
    }

    /** The low long of an IPv4 address; its high long is 0. */
    public static long mapped(int address) {
        return MAPPED | (address & 0xffff_ffffL);
    }

    /** From an address of the JDK's. */
    public static IpAddress of(InetAddress address) {
        byte[] bytes = address.getAddress();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return bytes.length == 4 ? ofIpv4(buffer.getInt()) : new IpAddress(buffer.getLong(), buffer.getLong());
    }

    /**
     * From its usual text; names are not resolved.
     *
     * @throws IllegalArgumentException if it is not a literal address
     */
    public static IpAddress parse(String text) {
        boolean literal = !text.isEmpty()
                && (text.indexOf(':') >= 0 || text.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9')));
        if (!literal || text.indexOf('%') >= 0) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'");
        }
        try {
            return of(InetAddress.getByName(text));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'", e);
        }
    }

    /** Whether this is an IPv4 address. */
    public boolean isIpv4() {
        return high == 0 && (low >>> 32) == 0xffff;
    }

    /** The 32 bits of an IPv4 address. */
    public int ipv4() {
        return (int) low;
    }

    /** As an address of the JDK's. */
    public InetAddress toInetAddress() {
        try {
            byte[] bytes = isIpv4()
                    ? ByteBuffer.allocate(4).putInt(ipv4()).array()
                    : ByteBuffer.allocate(16).putLong(high).putLong(low).array();
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return toInetAddress().getHostAddress();
    }
}
