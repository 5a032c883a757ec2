package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * Address objects of the packets that come in, so that a packet of a flow that goes on costs no allocation. A direct-mapped cache: an address that falls on the place of another replaces it.
 *
 * <p>Not thread-safe.
 */
final class AddressCache {
    private static final int SIZE = 1024;

    private final @Nullable IpAddress[] addresses = new @Nullable IpAddress[SIZE];

    /** The IPv4 address with these 32 bits. */
    IpAddress ipv4(int address) {
        return get(0, IpAddress.mapped(address));
    }

    /** The address with these 128 bits. */
    IpAddress get(long high, long low) {
        long mixed = (low ^ (high * 31)) * 0x9e37_79b9_7f4a_7c15L;
        int slot = (int) (mixed >>> 54);
        IpAddress present = addresses[slot];
        if (present != null && present.low() == low && present.high() == high) {
            return present;
        }
        IpAddress made = new IpAddress(high, low);
        addresses[slot] = made;
        return made;
    }
}
