package io.qnet.slirp.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The folder whose files guests may have by TFTP, and no others: neither {@code ..} nor a symbolic link leads out of it, and only plain files are opened.
 *
 * <p>Blocks: for the executor of blocking work.
 */
public final class TftpFolder {
    private final Path folder;
    private final boolean isWritable;

    /**
     * Serves this folder, which need not exist yet.
     *
     * @param isWritable whether guests may make new files in it
     */
    public TftpFolder(Path folder, boolean isWritable) {
        this.folder = folder;
        this.isWritable = isWritable;
    }

    /**
     * A file that is open.
     *
     * @param channel the file, to be closed by whoever gets it
     * @param path where it is
     * @param size its bytes when it was opened
     */
    record Opened(FileChannel channel, Path path, long size) {}

    /** Why a file is not opened. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient TftpError error;

        RefusedException(TftpError error) {
            super(error.message());
            this.error = error;
        }

        TftpError error() {
            return error;
        }
    }

    /** Opens a file to be read by a guest. */
    Opened openToRead(String name) throws RefusedException {
        Path asked = inside(name);
        try {
            Path real = asked.toRealPath();
            checkInside(real);
            if (Files.isDirectory(real)) {
                throw new RefusedException(TftpError.NOT_FOUND);
            }
            if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
                throw new RefusedException(TftpError.ACCESS_VIOLATION);
            }
            FileChannel channel = FileChannel.open(real, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
            return new Opened(channel, real, channel.size());
        } catch (NoSuchFileException e) {
            throw new RefusedException(TftpError.NOT_FOUND);
        } catch (IOException e) {
            throw new RefusedException(TftpError.ACCESS_VIOLATION);
        }
    }

    /** Makes a file to be written by a guest; one that is there already stays as it is. */
    Opened openToWrite(String name) throws RefusedException {
        if (!isWritable) {
            throw new RefusedException(TftpError.ACCESS_VIOLATION);
        }
        Path asked = inside(name);
        Path parent = asked.getParent();
        Path last = asked.getFileName();
        if (parent == null || last == null) {
            throw new RefusedException(TftpError.ACCESS_VIOLATION);
        }
        try {
            Path real = parent.toRealPath();
            checkInside(real);
            Path made = real.resolve(last);
            FileChannel channel = FileChannel.open(made, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            return new Opened(channel, made, 0);
        } catch (FileAlreadyExistsException e) {
            throw new RefusedException(TftpError.EXISTS);
        } catch (NoSuchFileException e) {
            throw new RefusedException(TftpError.NOT_FOUND);
        } catch (IOException e) {
            throw new RefusedException(TftpError.ACCESS_VIOLATION);
        }
    }

    /** The path that a guest's name means; a name that could mean anything outside, on any system, is refused. */
    private Path inside(String name) throws RefusedException {
        String[] parts = name.split("[/\\\\]", -1);
        for (String part : parts) {
            if (part.equals("..")) {
                throw new RefusedException(TftpError.ACCESS_VIOLATION);
            }
        }
        boolean hasDrive = name.length() >= 2 && name.charAt(1) == ':' && Character.isLetter(name.charAt(0));
        if (hasDrive || name.contains("../") || name.startsWith("\\\\") || parts[parts.length - 1].isEmpty()) {
            throw new RefusedException(TftpError.ACCESS_VIOLATION);
        }
        int from = 0;
        while (name.charAt(from) == '/') {
            from++;
        }
        try {
            return folder.resolve(name.substring(from));
        } catch (InvalidPathException e) {
            throw new RefusedException(TftpError.NOT_FOUND);
        }
    }

    private void checkInside(Path real) throws IOException, RefusedException {
        if (!real.startsWith(folder.toRealPath())) {
            throw new RefusedException(TftpError.ACCESS_VIOLATION);
        }
    }
}
