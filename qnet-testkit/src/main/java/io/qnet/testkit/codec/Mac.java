package io.qnet.testkit.codec;

import java.util.Locale;

/** MAC addresses as the low 48 bits of a long. */
public final class Mac {
    /** The broadcast address. */
    public static final long BROADCAST = 0xffff_ffff_ffffL;

    private Mac() {}

    /**
     * Reads the usual text of six hexadecimal bytes with colons.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public static long parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 6) {
            throw new IllegalArgumentException("not a MAC address: '" + text + "'");
        }
        long address = 0;
        for (String part : parts) {
            if (part.isEmpty() || part.length() > 2) {
                throw new IllegalArgumentException("not a MAC address: '" + text + "'");
            }
            address = (address << 8) | Integer.parseInt(part, 16);
        }
        return address;
    }

    /** The usual text. */
    public static String text(long address) {
        StringBuilder text = new StringBuilder(17);
        for (int shift = 40; shift >= 0; shift -= 8) {
            text.append(String.format(Locale.ROOT, "%02x", (address >>> shift) & 0xff))
                    .append(shift > 0 ? ":" : "");
        }
        return text.toString();
    }
}
