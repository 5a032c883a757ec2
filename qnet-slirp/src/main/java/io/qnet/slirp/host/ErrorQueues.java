package io.qnet.slirp.host;

import io.qnet.internal.socket.PacketSocket;
import java.util.function.Consumer;

/** Reads the error queues of a network's packet sockets. Loop thread only. */
final class ErrorQueues {
    /** The most entries read in one go; a socket with more is told again with the next error. */
    private static final int BURST = 256;

    private final NativeCalls nativeCalls;
    private final ErrorEntry entry = new ErrorEntry();

    ErrorQueues(NativeCalls nativeCalls) {
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
            for (int i = 0; i < BURST && !socket.isClosed() && calls.receiveError(socket.descriptor(), entry); i++) {
                each.accept(entry);
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
}
