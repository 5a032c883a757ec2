package io.qnet.slirp.files;

/**
 * One transfer of a file, in either direction: a pure engine. Packets, time and what the file's reader or writer has done come in; what is to be done goes out through {@link Effects}.
 *
 * <p>Blocks are counted without end here; their 16 bits on the wire wrap to 0 after 65535.
 */
abstract class TftpTransfer {
    static final int DEFAULT_BLOCK = 512;
    /** How long a packet has to be answered, unless the guest asks for something else. */
    static final long DEFAULT_TIMEOUT_NANOS = 1_000_000_000L;

    private static final long SECOND = 1_000_000_000L;
    private static final long MAX_TIMEOUT_NANOS = 8 * SECOND;
    /** A transfer ends after this many packets in a row that nothing answered. */
    private static final int MAX_TRIES = 7;

    /** What a transfer has done. */
    interface Effects {
        /** Sends one block of what is loaded. */
        void sendData(int block, byte[] bytes, int offset, int length);

        /** Sends an acknowledgement. */
        void sendAck(int block);

        /** Sends the acknowledgement of options. */
        void sendOptions();

        /** Sends an error; the transfer is over. */
        void sendError(TftpError error);

        /** Reads that much of the file from that place into the buffer; {@code loaded} follows. */
        void load(long position, byte[] into, int length);

        /** Writes that much of the buffer to that place of the file, which is complete with it if it is the last; {@code stored} follows. */
        void store(long position, byte[] from, int length, boolean isLast);

        /** The transfer is over: the file was sent or received whole, or not. */
        void ended(boolean whole);
    }

    final Effects effects;
    final int blockSize;
    final boolean hasOptions;
    private final long timeoutNanos;
    private final boolean isTimeoutAsked;
    private long deadlineNanos;
    private boolean isWaiting;
    private int tries;
    private boolean isEnded;

    TftpTransfer(TftpRequest request, int blockSize, Effects effects) {
        this.effects = effects;
        this.blockSize = blockSize;
        hasOptions = !request.options().isEmpty();
        isTimeoutAsked = request.option(TftpRequest.TIMEOUT, 0) > 0;
        timeoutNanos = isTimeoutAsked ? request.option(TftpRequest.TIMEOUT, 0) * SECOND : DEFAULT_TIMEOUT_NANOS;
    }

    /** The file is open: the first packet goes out. */
    abstract void begin(long nowNanos);

    /** An acknowledgement came. */
    abstract void onAck(int block, long nowNanos);

    /** Sends again what was not answered. */
    abstract void repeat(long nowNanos);

    /** Gives up without a word, as the guest did or asked to. */
    final void end(boolean whole) {
        if (!isEnded) {
            isEnded = true;
            isWaiting = false;
            effects.ended(whole);
        }
    }

    /** Tells the guest that it is over. */
    final void fail(TftpError error) {
        if (!isEnded) {
            effects.sendError(error);
            end(false);
        }
    }

    final boolean isEnded() {
        return isEnded;
    }

    /** Waits for an answer to what was sent just now, which is not a repetition. */
    final void awaitAnswer(long nowNanos) {
        tries = 0;
        await(nowNanos);
    }

    /** Waits for nothing: the file is at work. */
    final void awaitNothing() {
        isWaiting = false;
    }

    private void await(long nowNanos) {
        awaitFor(isTimeoutAsked ? timeoutNanos : Math.min(timeoutNanos << tries, MAX_TIMEOUT_NANOS), nowNanos);
    }

    /** Waits so long. */
    final void awaitFor(long nanos, long nowNanos) {
        isWaiting = true;
        deadlineNanos = nowNanos + nanos;
    }

    /** Whether there is a deadline. */
    final boolean isWaiting() {
        return isWaiting;
    }

    /** When {@link #onTimer} is due; meaningful while {@link #isWaiting}. */
    final long deadlineNanos() {
        return deadlineNanos;
    }

    /** The deadline has passed. */
    final void onTimer(long nowNanos) {
        if (!isWaiting || deadlineNanos - nowNanos > 0) {
            return;
        }
        if (++tries >= MAX_TRIES) {
            end(false);
            return;
        }
        await(nowNanos);
        repeat(nowNanos);
    }
}
