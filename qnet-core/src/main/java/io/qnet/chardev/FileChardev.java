package io.qnet.chardev;

import io.netty.buffer.ByteBuf;
import io.qnet.loop.Loop;
import io.qnet.option.OptionException;
import io.qnet.stat.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A file that is written to, by a thread that may block. At most {@value #MAX_BYTES} bytes wait. */
final class FileChardev extends Chardev {
    private static final int MAX_BYTES = 4 << 20;

    private final Loop loop;
    private final String path;
    private final boolean append;
    private final Counter full = counters().counter("drop.full");
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private int waitingBytes;
    private boolean writes;
    private boolean closed;
    private @Nullable FileChannel file;

    FileChardev(String id, Loop loop, String path, boolean append) {
        super(id);
        this.loop = loop;
        this.path = path;
        this.append = append;
    }

    @Override
    void open() {
        OpenOption how = append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
        try {
            file = FileChannel.open(Path.of(path), StandardOpenOption.CREATE, StandardOpenOption.WRITE, how);
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "No such file or directory" : e.getMessage();
            throw new OptionException("Could not open '" + path + "': " + reason);
        }
    }

    @Override
    public boolean isConnected() {
        return file != null;
    }

    @Override
    public boolean write(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (file == null || closed || waitingBytes + length > MAX_BYTES) {
            full.increment();
            return false;
        }
        byte[] copy = new byte[length];
        bytes.getBytes(bytes.readerIndex(), copy);
        waiting.add(copy);
        waitingBytes += length;
        writeNext();
        return true;
    }

    @Override
    void close() {
        closed = true;
        writeNext();
    }

    @Override
    void onAttached(boolean reads) {}

    private void writeNext() {
        FileChannel open = file;
        if (writes || open == null) {
            return;
        }
        byte[] next = waiting.poll();
        if (next == null && !closed) {
            return;
        }
        writes = true;
        loop.runBlocking(
                () -> {
                    if (next == null) {
                        open.close();
                        return true;
                    }
                    ByteBuffer left = ByteBuffer.wrap(next);
                    while (left.hasRemaining()) {
                        open.write(left);
                    }
                    return true;
                },
                (done, failure) -> written(next == null || failure != null, next == null ? 0 : next.length));
    }

    private void written(boolean ended, int bytes) {
        writes = false;
        waitingBytes -= bytes;
        if (ended) {
            file = null;
            waiting.clear();
        } else {
            writeNext();
        }
    }
}
