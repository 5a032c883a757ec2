package io.qnet.host;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where sockets to the rest of the world leave the host.
 *
 * @param address4 what sockets of IPv4 are bound to, or null for the host's choice
 * @param address6 what sockets of IPv6 are bound to, or null for the host's choice
 * @param device the interface that they are bound to (Linux: SO_BINDTODEVICE), or null for the host's choice
 */
public record Outbound(
        @Nullable InetAddress address4,
        @Nullable InetAddress address6,
        @Nullable String device) {
    /** Everything is the host's choice. */
    public static final Outbound ANY = new Outbound(null, null, null);

    /** Whether everything is the host's choice. */
    public boolean isAny() {
        return equals(ANY);
    }

    /** What sockets of a family are bound to, or null for the host's choice. */
    public @Nullable InetAddress address(boolean ipv6) {
        return ipv6 ? address6 : address4;
    }
}
