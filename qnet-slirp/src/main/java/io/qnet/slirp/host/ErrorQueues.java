package io.qnet.slirp.host;

import io.qnet.internal.socket.PacketSocket;
import io.qnet.loop.Loop;
import java.util.function.Consumer;

/** Reads the error queues of a network's packet sockets. Loop thread only. */
final class ErrorQueues {
    /** The most entries read in one turn. */
    private static final int BURST = 256;

    private final Loop loop;
    private final NativeCalls nativeCalls;
    private final ErrorEntry entry = new ErrorEntry();

    ErrorQueues(Loop loop, NativeCalls nativeCalls) {
        this.loop = loop;
        this.nativeCalls = nativeCalls;
    }

    /**
     * Gives every entry of a socket's queue to {@code each}: now, or when what reads it is loaded.
     *
     * @param otherwise what to do if it cannot be read: switch the queue off
     */
    void read(PacketSocket socket, Consumer<ErrorEntry> each, Runnable otherwise) {
        LibC calls = nativeCalls.get();
        if (calls != null) {
            if (readSome(calls, socket, each)) {
                loop.execute(() -> {
                    if (!socket.isClosed()) {
                        read(socket, each, otherwise);
                    }
                });
            }
        } else if (nativeCalls.isMissing()) {
            otherwise.run();
        } else {
            nativeCalls.load(() -> {
                if (!socket.isClosed()) {
                    read(socket, each, otherwise);
                }
            });
        }
    }

    /** True if more may be there. */
    private boolean readSome(LibC calls, PacketSocket socket, Consumer<ErrorEntry> each) {
        for (int i = 0; i < BURST; i++) {
            if (socket.isClosed() || !calls.receiveError(socket.descriptor(), entry)) {
                return false;
            }
            each.accept(entry);
        }
        return !socket.isClosed();
    }
}
