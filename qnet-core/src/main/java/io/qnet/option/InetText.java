package io.qnet.option;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Numeric addresses in texts. Nothing here asks a resolver. */
public final class InetText {
    private static final int GROUPS = 8;

    private InetText() {}

    /**
     * An IPv4 address as C's {@code inet_aton} reads it: one to four numbers between dots, each decimal, octal or {@code 0x}, the last one
     * filling the bytes that are left ({@code 127.1}, {@code 0x7f000001}); anything may follow after white space.
     *
     * @return the address, or null
     */
    public static @Nullable Inet4Address aton(String text) {
        Long bits = atonBits(text);
        return bits == null ? null : ipv4(bits.intValue());
    }

    private static @Nullable Long atonBits(String text) {
        long value = 0;
        int at = 0;
        for (int part = 0; part < 4; part++) {
            if (at >= text.length() || text.charAt(at) < '0' || text.charAt(at) > '9') {
                return null;
            }
            CNumber number = CNumber.scan(text.substring(at), 0);
            Long parsed = number.uint64();
            at += number.end();
            if (parsed == null || number.end() == 0) {
                return null;
            }
            boolean dot = at < text.length() && text.charAt(at) == '.';
            if (!dot) {
                boolean fits = Long.compareUnsigned(parsed, 0xffff_ffffL >> (8 * part)) <= 0;
                boolean ends = at == text.length() || CNumber.isSpace(text.charAt(at));
                return fits && ends ? value | parsed : null;
            }
            if (Long.compareUnsigned(parsed, 255) > 0) {
                return null;
            }
            value |= parsed << (8 * (3 - part));
            at++;
        }
        return null;
    }

    /** The address with these bits, the first byte highest. */
    public static Inet4Address ipv4(int bits) {
        byte[] bytes = {(byte) (bits >>> 24), (byte) (bits >>> 16), (byte) (bits >>> 8), (byte) bits};
        try {
            return (Inet4Address) InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // only for arrays of another length
        }
    }

    /** The bits of an address, the first byte highest. */
    public static int bits(Inet4Address address) {
        byte[] bytes = address.getAddress();
        return (bytes[0] << 24) | ((bytes[1] & 0xff) << 16) | ((bytes[2] & 0xff) << 8) | (bytes[3] & 0xff);
    }

    /** An IPv4 address in the strict form of {@code inet_pton}: four decimal numbers without leading zeros; null if it is none. */
    public static @Nullable Inet4Address ipv4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return null;
        }
        int bits = 0;
        for (String part : parts) {
            if (!part.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(part) > 255) {
                return null;
            }
            bits = (bits << 8) | Integer.parseInt(part);
        }
        return ipv4(bits);
    }

    /** An IPv6 address without scope, in the forms of RFC 4291 §2.2; null if it is none. */
    public static @Nullable Inet6Address ipv6(String text) {
        String hex = withoutDottedTail(text);
        if (hex == null) {
            return null;
        }
        int gap = hex.indexOf("::");
        String[] head = groups(gap < 0 ? hex : hex.substring(0, gap));
        String[] tail = groups(gap < 0 ? "" : hex.substring(gap + 2));
        int given = head.length + tail.length;
        if (gap < 0 ? given != GROUPS : given >= GROUPS) {
            return null;
        }
        byte[] bytes = new byte[16];
        if (!put(head, bytes, 0) || !put(tail, bytes, GROUPS - tail.length)) {
            return null;
        }
        try {
            return Inet6Address.getByAddress(null, bytes, -1);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // only for arrays of another length
        }
    }

    /** The text with a last {@code a.b.c.d} written as two groups; null if that part is bad. */
    private static @Nullable String withoutDottedTail(String text) {
        if (text.indexOf('.') < 0) {
            return text;
        }
        int colon = text.lastIndexOf(':');
        Inet4Address tail = colon < 0 ? null : ipv4(text.substring(colon + 1));
        if (tail == null) {
            return null;
        }
        int bits = bits(tail);
        return text.substring(0, colon + 1)
                + Integer.toHexString(bits >>> 16)
                + ":"
                + Integer.toHexString(bits & 0xffff);
    }

    private static String[] groups(String text) {
        return text.isEmpty() ? new String[0] : text.split(":", -1);
    }

    private static boolean put(String[] groups, byte[] bytes, int first) {
        for (int i = 0; i < groups.length; i++) {
            if (!groups[i].matches("[0-9a-fA-F]{1,4}")) {
                return false;
            }
            int group = Integer.parseInt(groups[i], 16);
            bytes[2 * (first + i)] = (byte) (group >> 8);
            bytes[2 * (first + i) + 1] = (byte) group;
        }
        return true;
    }

    /** An IPv4 address as {@link #aton}, or an IPv6 address in square brackets; null if the text is neither. */
    static @Nullable InetAddress atonOrBracketed(String text) {
        if (text.startsWith("[") && text.endsWith("]")) {
            return ipv6(text.substring(1, text.length() - 1));
        }
        return aton(text);
    }

    /** The address as options write it: IPv6 in square brackets. */
    static String inOption(@Nullable InetAddress address) {
        if (address == null) {
            return "";
        }
        return address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
    }
}
