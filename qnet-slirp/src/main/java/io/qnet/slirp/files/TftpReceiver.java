package io.qnet.slirp.files;

/** Receives a file block by block, or window by window; blocks are acknowledged once they are in the buffer, the last one once the file is written. */
final class TftpReceiver extends TftpTransfer {
    private static final int CHUNK_BYTES = 64 << 10;
    /** How long the last block is still acknowledged when it comes again. */
    private static final long LINGER_NANOS = 5_000_000_000L;

    private final int windowSize;
    private final long maxSize;
    private final byte[] chunk;
    private long chunkPosition;
    private int filled;
    private boolean isStoring;
    private boolean isLastIn;
    /** The guest was told of this gap already. */
    private boolean isGapTold;
    /** The last block that came in its turn. */
    private long received;
    /** The last block that was acknowledged. */
    private long acked;

    /**
     * Receives a file.
     *
     * @param maxSize the most bytes that are taken
     */
    TftpReceiver(TftpRequest request, long maxSize, int blockSize, int windowSize, Effects effects) {
        super(request, blockSize, effects);
        this.windowSize = windowSize;
        this.maxSize = maxSize;
        chunk = new byte[Math.max(CHUNK_BYTES, blockSize)];
    }

    @Override
    void begin(long nowNanos) {
        answer();
        awaitAnswer(nowNanos);
    }

    @Override
    void onAck(int block, long nowNanos) {
        fail(TftpError.ILLEGAL);
    }

    /** A block came; more than {@link #blockSize} bytes break the rules. */
    void onData(int block, byte[] bytes, long nowNanos) {
        if (bytes.length > blockSize) {
            fail(TftpError.ILLEGAL);
            return;
        }
        boolean isNext = (block & 0xffff) == (received + 1 & 0xffff);
        if (isStoring) {
            return;
        }
        if (isLastIn || !isNext) {
            outOfTurn(block);
            return;
        }
        if (chunkPosition + filled + bytes.length > maxSize) {
            fail(TftpError.DISK_FULL);
            return;
        }
        System.arraycopy(bytes, 0, chunk, filled, bytes.length);
        filled += bytes.length;
        received++;
        isGapTold = false;
        isLastIn = bytes.length < blockSize;
        if (isLastIn || filled + blockSize > chunk.length) {
            isStoring = true;
            awaitNothing();
            effects.store(chunkPosition, chunk, filled, isLastIn);
        } else if (received - acked >= windowSize) {
            acknowledge(nowNanos);
        } else {
            awaitAnswer(nowNanos);
        }
    }

    /** What was in the buffer is in the file. */
    void stored(long nowNanos) {
        isStoring = false;
        if (isEnded()) {
            return;
        }
        chunkPosition += filled;
        filled = 0;
        acknowledge(nowNanos);
        if (isLastIn) {
            awaitFor(LINGER_NANOS, nowNanos);
        }
    }

    /** The file cannot be written. */
    void storeFailed() {
        isStoring = false;
        fail(TftpError.DISK_FULL);
    }

    /** A block that was here before, whose acknowledgement may be lost, is acknowledged again; one after a gap tells once where to go on. */
    private void outOfTurn(int block) {
        boolean isRepeated = (block & 0xffff) == (received & 0xffff);
        if (isRepeated || !isGapTold) {
            isGapTold = true;
            acked = received;
            answer();
        }
    }

    @Override
    void repeat(long nowNanos) {
        if (isLastIn) {
            end(true);
        } else {
            answer();
        }
    }

    private void acknowledge(long nowNanos) {
        acked = received;
        answer();
        awaitAnswer(nowNanos);
    }

    private void answer() {
        if (received == 0 && hasOptions) {
            effects.sendOptions();
        } else {
            effects.sendAck((int) received & 0xffff);
        }
    }
}
