package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.OutQueue;
import io.qnet.internal.socket.StreamOptions;
import io.qnet.internal.socket.StreamSocket;
import io.qnet.loop.Timer;
import io.qnet.loop.TurnTask;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link HostStream} on a socket.
 *
 * <p>Reading: one read an event, into a buffer that all streams of the network share until one fills it; so an idle stream holds none. While the credit is 0 nothing is read, except that where the kernel
 * may hide an end or a reset behind unread data up to {@value #HELD_BYTES} bytes are read ahead and held, once. So on NIO (and after FIN on epoll) an end or reset behind more than that shows when credit
 * returns.
 *
 * <p>Writing: into an {@link OutQueue}, written at the end of the turn or when {@value #WRITE_BYTES} bytes have gathered.
 *
 * <p>Closing: what is pending is written, then FIN, then what arrives is discarded until the far side's FIN, all within the linger time of the
 * network. A close with unread data would be a reset.
 */
final class RealStream implements HostStream, StreamSocket.Handler {
    private static final int HELD_BYTES = 4096;
    private static final int WRITE_BYTES = 128 << 10;
    private static final int LARGEST_STAGING = 64 << 10;

    private enum State {
        CONNECTING,
        OPEN,
        /** Closed by the owner; pending bytes still leave. */
        LINGERING,
        RELEASED
    }

    private final RealHostNetwork network;
    private final OutQueue out;
    private final TurnTask flushTask = new TurnTask() {
        @Override
        protected void run(long nowNanos) {
            writeOut();
        }
    };
    private final Timer limit = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            onLimit();
        }
    };

    private State state;
    private @Nullable StreamSocket socket;
    private @Nullable Handler handler;
    private SocketAddress remote;

    private long credit;
    private @Nullable ByteBuf held;
    private boolean eofSeen;
    private boolean eofUntold;
    /** The connection broke: the end that the socket shows behind the last data is none. */
    private boolean broken;

    private long unwritten;
    private boolean writtenUntold;
    private boolean tellingWritten;
    private boolean shutdownAsked;
    private boolean shutdownDone;
    private @Nullable HostError failureUntold;

    RealStream(RealHostNetwork network, SocketAddress remote, boolean connecting, @Nullable Handler handler) {
        this.network = network;
        this.remote = remote;
        this.handler = handler;
        state = connecting ? State.CONNECTING : State.OPEN;
        out = new OutQueue(network.loop().allocator(), LARGEST_STAGING);
    }

    void connect(@Nullable InetSocketAddress local, @Nullable String device, long timeoutNanos) {
        try {
            StreamOptions options = network.streamOptions();
            socket =
                    network.sockets().connect(remote, local, device == null ? options : options.onDevice(device), this);
            network.loop().timers().arm(limit, network.loop().nowNanos() + timeoutNanos);
        } catch (IOException e) {
            failLater(HostErrors.of(e));
        }
    }

    /** The connection stands already, on this descriptor; false, and nothing is done, if nobody wants it any more. */
    boolean adopt(int descriptor) throws IOException {
        if (state == State.CONNECTING) {
            accepted(network.sockets().adoptStream(descriptor, this));
            onConnected();
            return true;
        }
        return false;
    }

    void accepted(StreamSocket accepted) {
        socket = accepted;
        remote = accepted.remoteAddress();
    }

    void setHandler(Handler handler) {
        this.handler = handler;
    }

    @Override
    public void setReadCredit(long bytes) {
        credit = bytes;
        if (bytes <= 0 || state != State.OPEN) {
            return;
        }
        StreamSocket present = socket;
        if (present != null && !eofSeen) {
            present.wantRead(true);
        }
        if (held != null) {
            deferSelf();
        }
    }

    @Override
    public void write(ByteBuf source, int index, int length) {
        if (shutdownAsked) {
            throw new IllegalStateException("written after shutdownOutput()");
        }
        if (state == State.LINGERING || state == State.RELEASED || failureUntold != null) {
            return;
        }
        out.write(source, index, length);
        unwritten += length;
        if (unwritten >= WRITE_BYTES) {
            flush();
        } else {
            network.loop().flushThisTurn(flushTask);
        }
    }

    @Override
    public void flush() {
        writeOut();
    }

    @Override
    public long pendingBytes() {
        return out.pendingBytes();
    }

    @Override
    public void shutdownOutput() {
        shutdownAsked = true;
        if (state == State.OPEN) {
            network.loop().flushThisTurn(flushTask);
        }
    }

    @Override
    public void reset() {
        if (state != State.RELEASED) {
            StreamSocket present = socket;
            if (present != null) {
                present.abort();
            }
            release();
        }
    }

    @Override
    public void close() {
        if (state == State.CONNECTING || failureUntold != null) {
            release();
        } else if (state == State.OPEN && shutdownDone && eofSeen) {
            release();
        } else if (state == State.OPEN) {
            state = State.LINGERING;
            handler = null;
            shutdownAsked = true;
            releaseHeld();
            network.loop().timers().arm(limit, network.loop().nowNanos() + network.lingerNanos());
            StreamSocket present = socket;
            if (present != null) {
                present.wantRead(!eofSeen);
            }
            network.loop().flushThisTurn(flushTask);
        }
    }

    @Override
    public SocketAddress localAddress() {
        StreamSocket present = socket;
        return present == null || state == State.RELEASED ? new InetSocketAddress(0) : present.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public void onConnected() {
        if (state != State.CONNECTING) {
            return;
        }
        state = State.OPEN;
        network.loop().timers().cancel(limit);
        Handler present = handler;
        if (present != null) {
            present.onConnected();
        }
        if (state == State.OPEN) {
            network.loop().flushThisTurn(flushTask);
            setReadCredit(credit);
            watchWhilePaused();
        }
    }

    @Override
    public void onReadable() {
        if (state == State.LINGERING) {
            discardInput();
        } else if (state == State.OPEN && failureUntold == null) {
            if (held != null && credit > 0) {
                deliverHeld();
            } else if (credit > 0) {
                readOnce();
            } else {
                readAhead();
            }
        }
    }

    @Override
    public void onWritable() {
        tellingWritten = true;
        writeOut();
        tellingWritten = false;
        tellWritten();
    }

    @Override
    public void onBroken(HostError error) {
        broken = true;
        // what came before the break is still delivered as far as there is credit
        while (state == State.OPEN && credit > 0 && failureUntold == null && (held != null || readOnce())) {
            if (held != null) {
                deliverHeld();
            }
        }
        fail(error);
    }

    @Override
    public void onDeferred() {
        HostError failure = failureUntold;
        if (failure != null) {
            fail(failure);
            return;
        }
        tellWritten();
        if (state == State.OPEN && held != null && credit > 0) {
            deliverHeld();
        }
        if (state == State.OPEN && eofUntold && held == null) {
            tellEof();
        }
    }

    /** Where the selector tells nothing unasked, input is watched while the credit is 0 until something was read ahead. */
    void watchWhilePaused() {
        StreamSocket present = socket;
        if (present != null && state == State.OPEN && credit <= 0 && held == null && !eofSeen) {
            present.wantRead(present.mayHaveEnded());
        }
    }

    /** Reads once and delivers; false if nothing more is to be read now. */
    private boolean readOnce() {
        StreamSocket from = openSocket();
        credit = Math.min(credit, openHandler().readLimit());
        ByteBuf buffer = network.readBuffers().forRead(credit);
        int n = credit <= 0 ? 0 : read(from, buffer, (int) Math.min(credit, buffer.capacity()));
        ByteBuf data = n > 0 ? network.readBuffers().take(buffer, n) : null;
        credit -= Math.max(0, n);
        if (credit <= 0) {
            from.wantRead(from.mayHaveEnded());
        }
        if (data != null) {
            openHandler().onData(data);
        } else if (n < 0) {
            onEnd(from);
        }
        return n > 0;
    }

    /** Without credit: takes in a little, because an end or a reset may be behind it. */
    private void readAhead() {
        StreamSocket from = openSocket();
        ByteBuf present = held;
        int room = HELD_BYTES - (present == null ? 0 : present.readableBytes());
        if (room == 0 || eofSeen || !from.mayHaveEnded()) {
            from.wantRead(false);
            return;
        }
        ByteBuf buffer = network.readBuffers().forRead(HELD_BYTES);
        int n = read(from, buffer, room);
        if (n > 0) {
            hold(buffer, n);
            from.wantRead(true);
        } else if (n < 0 && held == null) {
            onEnd(from);
        } else if (n < 0) {
            eofSeen = true;
            eofUntold = !broken;
            from.wantRead(false);
        }
    }

    private void hold(ByteBuf buffer, int length) {
        ByteBuf present = held;
        ByteBuf more = network.loop().allocator().directBuffer(HELD_BYTES, HELD_BYTES);
        if (present != null) {
            more.writeBytes(present);
            present.release();
        }
        held = more.writeBytes(buffer, 0, length);
    }

    private void deliverHeld() {
        ByteBuf data = held;
        if (data == null) {
            return;
        }
        if (data.readableBytes() > credit) {
            data = data.readRetainedSlice((int) credit);
        } else {
            held = null;
        }
        credit -= data.readableBytes();
        openHandler().onData(data);
        if (state == State.OPEN && eofUntold) {
            deferSelf();
        } else if (state == State.OPEN && credit <= 0) {
            watchWhilePaused();
        }
    }

    private void onEnd(StreamSocket from) {
        eofSeen = true;
        from.wantRead(false);
        if (!broken) {
            tellEof();
        }
    }

    private void tellEof() {
        eofUntold = false;
        openHandler().onEof();
    }

    private void discardInput() {
        StreamSocket from = openSocket();
        ByteBuf buffer = network.readBuffers().forRead(Long.MAX_VALUE);
        int n = read(from, buffer, buffer.capacity());
        if (n < 0) {
            eofSeen = true;
            from.wantRead(false);
            endLinger();
        }
    }

    /** As {@link StreamSocket#read}; a broken connection fails the stream and reads as nothing. */
    private int read(StreamSocket from, ByteBuf buffer, int length) {
        try {
            return from.read(buffer, 0, length);
        } catch (IOException e) {
            fail(HostErrors.of(e));
            return 0;
        }
    }

    private void writeOut() {
        StreamSocket to = socket;
        if (to == null || state == State.CONNECTING || state == State.RELEASED || failureUntold != null) {
            return;
        }
        unwritten = 0;
        try {
            if (!out.isEmpty() && to.write(out, shutdownAsked) > 0) {
                writtenUntold = true;
                if (!tellingWritten) {
                    deferSelf();
                }
            }
            if (shutdownAsked && !shutdownDone && out.isEmpty()) {
                shutdownDone = true;
                to.shutdownOutput();
            }
        } catch (IOException e) {
            failLater(HostErrors.of(e));
            return;
        }
        if (state == State.LINGERING) {
            endLinger();
        }
    }

    private void tellWritten() {
        Handler present = handler;
        if (writtenUntold && state == State.OPEN && present != null) {
            writtenUntold = false;
            present.onWritten(out.pendingBytes());
        }
    }

    private void onLimit() {
        if (state == State.CONNECTING) {
            fail(HostError.TIMED_OUT);
        } else if (state == State.LINGERING) {
            if (out.isEmpty()) {
                release();
            } else {
                reset();
            }
        }
    }

    private void endLinger() {
        if (shutdownDone && eofSeen) {
            release();
        }
    }

    private void failLater(HostError error) {
        if (failureUntold == null) {
            failureUntold = error;
            deferSelf();
        }
    }

    private void deferSelf() {
        StreamSocket present = socket;
        if (present != null) {
            present.defer();
        } else {
            network.loop().execute(this::onDeferred);
        }
    }

    void fail(HostError error) {
        if (state == State.RELEASED) {
            return;
        }
        Handler present = handler;
        release();
        if (present != null) {
            present.onFailed(error);
        }
    }

    /** Lets go of everything; nothing is told after it. */
    void release() {
        state = State.RELEASED;
        handler = null;
        network.loop().timers().cancel(limit);
        StreamSocket present = socket;
        if (present != null) {
            present.close();
        }
        out.release();
        releaseHeld();
        network.forget(this);
    }

    private void releaseHeld() {
        if (held != null) {
            held.release();
            held = null;
        }
    }

    private StreamSocket openSocket() {
        return Objects.requireNonNull(socket, "no socket");
    }

    private Handler openHandler() {
        return Objects.requireNonNull(handler, "no handler");
    }
}
