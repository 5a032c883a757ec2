package io.qnet.option;

import org.jspecify.annotations.Nullable;

/** Ethernet addresses as QEMU's options write them (QEMU: net/util.c, net_parse_macaddr). */
public final class MacSyntax {
    private static final long LOW_THREE_BYTES = 0xff_ffff;
    private static final int BYTES = 6;

    private MacSyntax() {}

    /**
     * Reads an address: six hexadecimal groups between {@code :} or {@code -}, of each the low eight bits count; or one number from 0 to
     * 0xffffff, which sets the last three bytes and leaves the others 0. As in QEMU an empty text or group is 0.
     *
     * @return 48 bits, the first byte highest; null if the text is none
     */
    public static @Nullable Long parse(String text) {
        CNumber single = CNumber.scan(text, 0);
        Long low = single.wholeOrEmpty() ? single.int64() : null;
        if (low != null && low >= 0 && low <= LOW_THREE_BYTES) {
            return low;
        }
        long mac = 0;
        int at = 0;
        for (int i = 0; i < BYTES; i++) {
            CNumber group = CNumber.scan(text.substring(at), 16);
            mac = (mac << 8) | (group.clamped() & 0xff);
            at += group.end();
            if (i < BYTES - 1) {
                if (at >= text.length() || (text.charAt(at) != ':' && text.charAt(at) != '-')) {
                    return null;
                }
                at++;
            }
        }
        return at == text.length() ? mac : null;
    }

    /** The six bytes of an address. */
    public static byte[] bytes(long mac) {
        byte[] bytes = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bytes[i] = (byte) (mac >>> (8 * (BYTES - 1 - i)));
        }
        return bytes;
    }

    /** An address in QEMU's form: {@code 52:54:00:12:34:56}. */
    public static String format(long mac) {
        StringBuilder text = new StringBuilder(17);
        for (byte b : bytes(mac)) {
            text.append(text.isEmpty() ? "" : ":");
            text.append(Character.forDigit((b >> 4) & 0xf, 16)).append(Character.forDigit(b & 0xf, 16));
        }
        return text.toString();
    }

    /** Whether the address is a multicast one, which no NIC may have. */
    public static boolean isMulticast(long mac) {
        return ((mac >>> 40) & 1) != 0;
    }
}
