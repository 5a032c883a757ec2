package io.qnet.internal.socket;

import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** The file of a unix socket: what a former owner left there is replaced, what anybody else has is not, and at the end it is removed. */
public final class UnixPath {
    private static final System.Logger LOG = System.getLogger(UnixPath.class.getName());

    private final Path path;
    private final @Nullable Object fileKey;

    private UnixPath(Path path) throws IOException {
        this.path = path;
        fileKey = attributes(path).fileKey();
    }

    /**
     * Removes a socket that nobody listens on.
     *
     * @throws BindException if there is something else
     */
    static void makeRoom(String text) throws IOException {
        Path path = Path.of(text);
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        // a socket is neither file nor folder nor link
        if (!attributes(path).isOther() || isListening(path)) {
            throw new BindException("Address already in use");
        }
        Files.deleteIfExists(path);
    }

    /**
     * Removes a socket, whoever has it, as QEMU does before it binds one for datagrams: nobody can tell whether such a socket is in use.
     *
     * @throws BindException if there is something else
     */
    public static void removeSocket(String text) throws IOException {
        Path path = Path.of(text);
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            if (!attributes(path).isOther()) {
                throw new BindException("Address already in use");
            }
            Files.deleteIfExists(path);
        }
    }

    /** The file of a socket that was bound just now. */
    public static UnixPath bound(String text) throws IOException {
        return new UnixPath(Path.of(text));
    }

    /** Removes the file if it is still the same. */
    public void remove() {
        try {
            Object present = attributes(path).fileKey();
            if (fileKey == null || fileKey.equals(present)) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, "already gone: {0}", path);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot remove " + path, e);
        }
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** Whether a connect is not refused; it does not wait for a listener with a full backlog, which is one all the same. */
    private static boolean isListening(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (IOException e) {
            return HostErrors.of(e) != io.qnet.host.HostError.REFUSED;
        }
    }
}
