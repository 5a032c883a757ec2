package io.qnet.slirp.files;

/**
 * Sends a file block by block, or window by window (RFC 1350 §2, RFC 7440). An acknowledgement of what was acknowledged before sends nothing again, except that with windows it may tell once that the
 * window's first block is lost; one inside a window goes on behind the block it names.
 */
final class TftpSender extends TftpTransfer {
    /** The bytes of one read of the file, unless a window needs more. */
    private static final int CHUNK_BYTES = 64 << 10;

    private final int windowSize;
    private final long size;
    private final long lastBlock;
    private final byte[] chunk;
    private long chunkPosition;
    private int chunkLength;
    private boolean isLoading;
    /** The last block that the guest has. */
    private long acked;
    /** The last block that was sent. */
    private long sent;
    /** The acknowledgement of the options is not answered yet. */
    private boolean isGreeting;
    /** The guest has told of this window already that its first block is lost. */
    private boolean isWindowRepeated;

    /**
     * Sends a file.
     *
     * @param size its bytes
     * @param blockSize of one block, as agreed on
     * @param windowSize the blocks between two acknowledgements, as agreed on
     */
    TftpSender(TftpRequest request, long size, int blockSize, int windowSize, Effects effects) {
        super(request, blockSize, effects);
        this.size = size;
        this.windowSize = windowSize;
        lastBlock = size / blockSize + 1;
        int wanted = Math.max(blockSize * windowSize, CHUNK_BYTES);
        chunk = new byte[(int) Math.min(wanted, Math.max(size, 1))];
    }

    @Override
    void begin(long nowNanos) {
        if (hasOptions) {
            isGreeting = true;
            effects.sendOptions();
            awaitAnswer(nowNanos);
        } else {
            sendWindow(nowNanos);
        }
    }

    @Override
    void onAck(int block, long nowNanos) {
        if (isGreeting) {
            if (block == 0) {
                isGreeting = false;
                sendWindow(nowNanos);
            }
            return;
        }
        long ahead = block - acked & 0xffff;
        if (isLoading || ahead > sent - acked) {
            return;
        }
        if (ahead == 0) {
            boolean isLossTold = windowSize > 1 && !isWindowRepeated && sent > acked;
            if (isLossTold) {
                isWindowRepeated = true;
                emit(nowNanos);
            }
            return;
        }
        acked += ahead;
        if (acked == lastBlock) {
            end(true);
            return;
        }
        sendWindow(nowNanos);
    }

    @Override
    void repeat(long nowNanos) {
        if (isGreeting) {
            effects.sendOptions();
        } else if (!isLoading) {
            emitLoaded();
        }
    }

    /** A part of the file was read; fewer bytes than were asked for if it has become shorter. */
    void loaded(int length, long nowNanos) {
        isLoading = false;
        if (isEnded()) {
            return;
        }
        if (length < wantedOfChunk()) {
            fail(TftpError.UNREADABLE);
            return;
        }
        chunkLength = length;
        emit(nowNanos);
    }

    /** The file cannot be read. */
    void loadFailed() {
        isLoading = false;
        fail(TftpError.UNREADABLE);
    }

    private void sendWindow(long nowNanos) {
        isWindowRepeated = false;
        long from = acked * blockSize;
        long to = Math.min(size, (acked + windowSize) * blockSize);
        if (from >= chunkPosition && to <= chunkPosition + chunkLength) {
            emit(nowNanos);
            return;
        }
        chunkPosition = from;
        chunkLength = 0;
        isLoading = true;
        awaitNothing();
        effects.load(from, chunk, wantedOfChunk());
    }

    private int wantedOfChunk() {
        return (int) Math.min(chunk.length, size - chunkPosition);
    }

    private void emit(long nowNanos) {
        awaitAnswer(nowNanos);
        emitLoaded();
    }

    private void emitLoaded() {
        long last = Math.min(lastBlock, acked + windowSize);
        for (long block = acked + 1; block <= last; block++) {
            long position = (block - 1) * blockSize;
            int length = (int) Math.min(blockSize, size - position);
            effects.sendData((int) block & 0xffff, chunk, (int) (position - chunkPosition), length);
        }
        sent = Math.max(sent, last);
    }
}
