package io.qnet.slirp.host;

import io.qnet.wire.IpAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The name servers of resolv.conf(5). The file is looked at once a second at most and read again when its time or size has changed; it is a few lines of a local file, so this is done in place.
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
    private @Nullable Object seenKey;
    private long seenModified = Long.MIN_VALUE;
    private long seenSize = -1;

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
            long modified = attributes.lastModifiedTime().toMillis();
            Object key = attributes.fileKey();
            if (modified == seenModified && attributes.size() == seenSize && java.util.Objects.equals(key, seenKey)) {
                return;
            }
            seenModified = modified;
            seenSize = attributes.size();
            seenKey = key;
            servers = seenSize > MAX_BYTES ? LOOPBACK : parse(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            // resolv.conf(5): without the file the server is this machine
            seenSize = -1;
            servers = LOOPBACK;
        }
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

    private static @Nullable InetAddress address(String text) {
        int zone = text.indexOf('%');
        try {
            InetAddress address =
                    IpAddress.parse(zone < 0 ? text : text.substring(0, zone)).toInetAddress();
            if (zone < 0 || !(address instanceof Inet6Address)) {
                return address;
            }
            // with a zone the text is an address, so nothing is looked up but the interface
            return InetAddress.getByName(text);
        } catch (IllegalArgumentException | UnknownHostException e) {
            return null;
        }
    }
}
