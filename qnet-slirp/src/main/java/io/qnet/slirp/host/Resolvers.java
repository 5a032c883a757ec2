package io.qnet.slirp.host;

import io.qnet.wire.IpAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The name servers of resolv.conf(5). The file is looked at once a second at most and read again when device, inode, size or time of change are others, so also when it was replaced by another; it is a few
 * lines of a local file, so this is done in place. It is read again at every look while it names an interface that is not there yet.
 */
final class Resolvers {
    private static final long LOOK_NANOS = 1_000_000_000;
    private static final int DNS_PORT = 53;
    private static final int MAX_BYTES = 64 << 10;
    private static final List<InetSocketAddress> LOOPBACK =
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), DNS_PORT));

    private final Path file;
    private List<InetSocketAddress> servers = LOOPBACK;
    private boolean looked;
    private long lookedAtNanos;
    private @Nullable Version seen;
    private boolean complete;

    /** What tells one state of the file from another. */
    private record Version(@Nullable Object device, FileTime modified, long size) {}

    Resolvers(Path file) {
        this.file = file;
    }

    List<InetSocketAddress> servers(long nowNanos) {
        if (!looked || nowNanos - lookedAtNanos >= LOOK_NANOS) {
            looked = true;
            lookedAtNanos = nowNanos;
            look();
        }
        return servers;
    }

    private void look() {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            Version now = new Version(attributes.fileKey(), attributes.lastModifiedTime(), attributes.size());
            if (now.equals(seen) && complete) {
                return;
            }
            seen = now;
            String text = now.size > MAX_BYTES ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
            servers = parse(text);
            complete = !text.contains("%") || servers.stream().anyMatch(Resolvers::hasScope);
        } catch (IOException e) {
            // resolv.conf(5): without the file the server is this machine
            seen = null;
            servers = LOOPBACK;
        }
    }

    private static boolean hasScope(InetSocketAddress server) {
        return server.getAddress() instanceof Inet6Address inet6 && inet6.getScopeId() != 0;
    }

    /** The addresses of all {@code nameserver} lines in order; loopback if there is none. */
    static List<InetSocketAddress> parse(String text) {
        List<InetSocketAddress> found = new ArrayList<>();
        for (String line : text.split("\n")) {
            String[] words = line.strip().split("[ \t]+");
            if (words.length >= 2 && words[0].equals("nameserver")) {
                InetAddress address = address(words[1]);
                if (address != null) {
                    found.add(new InetSocketAddress(address, DNS_PORT));
                }
            }
        }
        return found.isEmpty() ? LOOPBACK : List.copyOf(found);
    }

    /** An address, of IPv6 with the zone of its interface by name or number (RFC 4007 §11); null for what is neither, or if there is no such interface. */
    private static @Nullable InetAddress address(String text) {
        int zone = text.indexOf('%');
        try {
            InetAddress address =
                    IpAddress.parse(zone < 0 ? text : text.substring(0, zone)).toInetAddress();
            if (zone < 0 || !(address instanceof Inet6Address)) {
                return address;
            }
            int scope = scope(text.substring(zone + 1));
            return scope <= 0 ? null : Inet6Address.getByAddress(null, address.getAddress(), scope);
        } catch (IllegalArgumentException | IOException e) {
            return null;
        }
    }

    private static int scope(String zone) throws SocketException {
        if (zone.matches("[0-9]{1,9}")) {
            return Integer.parseInt(zone);
        }
        NetworkInterface device = zone.isEmpty() ? null : NetworkInterface.getByName(zone);
        return device == null ? 0 : device.getIndex();
    }
}
