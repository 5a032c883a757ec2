package io.qnet.socket;

import io.qnet.internal.socket.PacketSocket;
import io.qnet.internal.socket.PeerSocket;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.UnixPath;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The data socket of a port of a vde_switch, bound to a file in the switch's folder, or in a folder for temporary files where that may not be written (vde2: libvdeplug.c). */
final class VdeDataFile {
    private static final AtomicInteger SEQUENCE = new AtomicInteger();
    private static final List<String> OTHER_FOLDERS = List.of("/var/run", "/var/tmp", "/tmp");

    final PeerSocket socket;
    final Path path;
    private final UnixPath file;

    private VdeDataFile(PeerSocket socket, Path path) throws IOException {
        this.socket = socket;
        this.path = path;
        file = UnixPath.bound(path.toString());
    }

    /**
     * Binds one.
     *
     * @throws IOException if it can be bound nowhere
     */
    static VdeDataFile bind(Sockets sockets, VdeConfig config, PacketSocket.Handler handler) throws IOException {
        String name = String.format("%05d-%05d", ProcessHandle.current().pid(), SEQUENCE.getAndIncrement());
        IOException first = null;
        Path candidate = config.folder().toAbsolutePath().resolve("." + name);
        for (int i = 0; i <= OTHER_FOLDERS.size(); i++) {
            try {
                return bind(sockets, config, candidate, handler);
            } catch (IOException e) {
                first = first == null ? e : first;
            }
            if (i < OTHER_FOLDERS.size()) {
                candidate = Path.of(OTHER_FOLDERS.get(i), "vde." + name);
            }
        }
        throw first == null ? new IOException("no folder for a socket") : first;
    }

    private static VdeDataFile bind(Sockets sockets, VdeConfig config, Path path, PacketSocket.Handler handler)
            throws IOException {
        PeerSocket socket = UnixDatagrams.bind(sockets, path.toString(), null, handler);
        VdeDataFile data = new VdeDataFile(socket, path);
        try {
            giveRights(path, config.group(), config.mode());
            return data;
        } catch (IOException e) {
            data.remove();
            socket.close();
            throw e;
        }
    }

    private static void giveRights(Path path, @Nullable String group, int mode) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (view == null) {
            return; // a file system without such rights
        }
        if (group != null) {
            view.setGroup(
                    FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByGroupName(group));
        }
        Set<PosixFilePermission> rights = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] all = PosixFilePermission.values(); // owner's read first, as the bits from the left
        for (int i = 0; i < all.length; i++) {
            if ((mode & 0400 >> i) != 0) {
                rights.add(all[i]);
            }
        }
        view.setPermissions(rights);
    }

    /** Removes the file. */
    void remove() {
        file.remove();
    }
}
