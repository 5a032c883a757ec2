package io.qnet.option;

import java.net.Inet4Address;

/**
 * An IPv4 network as {@code net=ADDR[/MASK]} of the user netdev gives it (QEMU: net/slirp.c).
 *
 * @param address the network's address as bits, the first byte highest; bits outside the mask are 0
 * @param mask the mask as bits; any pattern, as in QEMU
 */
public record Ipv4Net(int address, int mask) {
    /** The user netdev's network if nothing else is said: 10.0.2.0/24. */
    public static final Ipv4Net DEFAULT = new Ipv4Net(0x0a00_0200, 0xffff_ff00);

    private static final int MIN_LENGTH = 4;
    private static final int MAX_LENGTH = 32;

    /** Drops the bits outside the mask. */
    public Ipv4Net {
        address &= mask;
    }

    /**
     * Reads a network. The address is read as {@code inet_aton} does; the mask is a length from 4 to 32 or an address. Without a mask it
     * follows the old classes as QEMU has them: 192.168/16 is a /16, other class C networks are a /28, 224/3 is a /24.
     *
     * @throws OptionException {@code Failed to parse netmask} and its relatives
     */
    public static Ipv4Net parse(String text) {
        int slash = text.indexOf('/');
        Inet4Address address = InetText.aton(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw OptionException.of("Failed to parse netmask", "net", text);
        }
        int bits = InetText.bits(address);
        return new Ipv4Net(bits, slash < 0 ? classMask(bits) : mask(text, text.substring(slash + 1)));
    }

    private static int mask(String text, String maskText) {
        CNumber length = CNumber.scan(maskText, 10);
        if (!length.wholeOrEmpty()) {
            Inet4Address mask = InetText.aton(maskText);
            if (mask == null) {
                throw OptionException.of("Failed to parse netmask (trailing chars)", "net", text);
            }
            return InetText.bits(mask);
        }
        long value = length.clamped();
        if (value < MIN_LENGTH || value > MAX_LENGTH) {
            throw OptionException.of("Invalid netmask provided (must be in range 4-32)", "net", text);
        }
        return -1 << (MAX_LENGTH - (int) value);
    }

    private static int classMask(int bits) {
        if (bits >= 0) {
            return 0xff00_0000; // class A
        }
        if ((bits & 0xfff0_0000) == 0xac10_0000) {
            return 0xfff0_0000; // private, 172.16/12
        }
        if ((bits & 0xc000_0000) == 0x8000_0000 || (bits & 0xffff_0000) == 0xc0a8_0000) {
            return 0xffff_0000; // class B; private, 192.168/16
        }
        if ((bits & 0xffff_0000) == 0xc612_0000) {
            return 0xfffe_0000; // for benchmarks, 198.18/15
        }
        return (bits & 0xe000_0000) == 0xe000_0000 ? 0xffff_ff00 : 0xffff_fff0;
    }

    /** Whether the address is in this network. */
    public boolean contains(Inet4Address other) {
        return (InetText.bits(other) & mask) == address;
    }

    /** The address in this network whose low bits are these, cut to what the mask leaves: 0x0202 is 10.0.2.2 in 10.0.2.0/24. */
    public Inet4Address at(int lowBits) {
        return InetText.ipv4(address | (lowBits & ~mask));
    }

    /** The network's address. */
    public Inet4Address networkAddress() {
        return InetText.ipv4(address);
    }

    /** The mask in the form of an address. */
    public Inet4Address maskAddress() {
        return InetText.ipv4(mask);
    }

    /** The number of bits set in the mask. */
    public int prefixLength() {
        return Integer.bitCount(mask);
    }
}
