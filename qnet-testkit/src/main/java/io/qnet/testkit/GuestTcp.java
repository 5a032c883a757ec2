package io.qnet.testkit;

import io.qnet.loop.Timer;
import io.qnet.testkit.tcp.Connection;
import io.qnet.testkit.tcp.Segment;
import io.qnet.testkit.tcp.Surroundings;
import io.qnet.testkit.tcp.TcpFailure;
import io.qnet.testkit.tcp.TcpSettings;
import io.qnet.testkit.tcp.TcpState;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection of a guest's, as its program sees it. In the blocking style {@link #write} waits for room and {@link #read} for data; in virtual time the clock goes on meanwhile. With a {@link Handler}
 * everything comes on the network's loop instead, where {@link #tryWrite} and {@link #tryRead} never wait.
 *
 * <p>Methods may be called from any thread; those that wait must not be called from a handler. A failure of the connection is thrown as {@link GuestException} by whoever uses it next.
 */
public final class GuestTcp implements AutoCloseable {
    private static final int CHUNK = 64 << 10;

    /** What a connection tells, on the network's loop. Nothing may wait there. */
    public interface Handler {
        /** Data came, or the other side has ended its half: {@link GuestTcp#tryRead} gives it. */
        void onReadable(GuestTcp connection);

        /** There is room again for {@link GuestTcp#tryWrite}. */
        default void onWritable(GuestTcp connection) {}

        /** It is over; the reason is null if both sides ended it in order. */
        default void onClosed(GuestTcp connection, @Nullable TcpFailure failure) {}
    }

    private final GuestStack stack;
    private final Waiting waiting;
    private final Path path;
    private final Connection connection;
    private final @Nullable GuestListener listener;
    private final CompletableFuture<GuestTcp> connected = new CompletableFuture<>();
    private final CompletableFuture<GuestTcp> closed = new CompletableFuture<>();
    private final List<CompletableFuture<Boolean>> readers = new ArrayList<>();
    private final List<CompletableFuture<Boolean>> writers = new ArrayList<>();
    private final Alarm alarm = new Alarm();
    private @Nullable Handler handler;
    private @Nullable TcpFailure failure;
    private @Nullable IcmpError icmp;
    private boolean discarding;
    boolean due;

    private final class Alarm extends Timer {
        @Override
        protected void onTimer(long nowNanos) {
            connection.onTimer(nowNanos);
            stack.tcp.markDue(GuestTcp.this);
        }
    }

    GuestTcp(
            GuestStack stack,
            Waiting waiting,
            Path path,
            int peerPort,
            int guestPort,
            TcpSettings settings,
            @Nullable GuestListener listener) {
        this.stack = stack;
        this.waiting = waiting;
        this.path = path;
        this.listener = listener;
        int mss = stack.tcp.maxSegmentSize(settings, path);
        int iss = stack.tcp.initialSequenceNumber();
        this.connection = new Connection(guestPort, peerPort, settings, mss, iss, new Below());
    }

    /** The guest's port. */
    public int guestPort() {
        return connection.guestPort;
    }

    /** The other side's port. */
    public int peerPort() {
        return connection.peerPort;
    }

    /** The other side's address. */
    public String peerAddress() {
        return path.destination.getHostAddress();
    }

    /** The state. */
    public TcpState state() {
        return waiting.call(connection::state);
    }

    /** How often a segment was sent again. */
    public long retransmissions() {
        return waiting.call(connection::retransmissions);
    }

    /** What the handshake agreed on, for a person. */
    public String negotiated() {
        return waiting.call(connection::negotiated);
    }

    /** Writes all of this text in UTF-8. */
    public GuestTcp write(String text) {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes all of these bytes. */
    public GuestTcp write(byte[] bytes) {
        return write(bytes, 0, bytes.length);
    }

    /** Writes all bytes of a range, waiting for room in the send buffer as often as needed. The array is free again afterwards. */
    public GuestTcp write(byte[] bytes, int from, int length) {
        int at = from;
        int end = from + length;
        while (at < end) {
            int start = at;
            Object result = waiting.call(() -> writeOrWait(bytes, start, end - start));
            if (result instanceof Integer taken) {
                at += taken;
            } else {
                await(result, "room to write");
            }
        }
        return this;
    }

    /** Writes what fits now, and returns how much. */
    public int tryWrite(byte[] bytes, int from, int length) {
        return waiting.call(() -> tryWriteOnLoop(bytes, from, length));
    }

    /** Reads at least one byte, waiting for it; -1 when the other side has ended its half and all was read. */
    public int read(byte[] target, int at, int length) {
        if (length == 0) {
            return 0;
        }
        while (true) {
            Object result = waiting.call(() -> readOrWait(target, at, length));
            if (result instanceof Integer taken) {
                return taken;
            }
            await(result, "data");
        }
    }

    /** Reads what is there now, 0 if nothing is; -1 when the other side has ended its half and all was read. */
    public int tryRead(byte[] target, int at, int length) {
        return waiting.call(() -> tryReadOnLoop(target, at, length));
    }

    /** Reads exactly this many bytes. */
    public byte[] read(int length) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; ) {
            int taken = read(bytes, at, length - at);
            if (taken < 0) {
                throw new GuestException(
                        GuestException.Reason.CLOSED, this + ": ended after " + at + " of " + length + " bytes");
            }
            at += taken;
        }
        return bytes;
    }

    /** Reads everything up to the other side's end. */
    public byte[] readAll() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[CHUNK];
        for (int taken = read(chunk, 0, CHUNK); taken >= 0; taken = read(chunk, 0, CHUNK)) {
            all.write(chunk, 0, taken);
        }
        return all.toByteArray();
    }

    /** Reads exactly as many bytes as this text has in UTF-8, and returns them as text. */
    public String readText(int bytes) {
        return new String(read(bytes), StandardCharsets.UTF_8);
    }

    /** The other side's bytes as a blocking stream. Closing it closes the connection. */
    public InputStream input() {
        return new GuestStreams.Input(this);
    }

    /** The way to the other side as a blocking stream. Closing it ends the guest's half. */
    public OutputStream output() {
        return new GuestStreams.Output(this);
    }

    /** How many bytes were written but not yet acknowledged. */
    public int unacknowledged() {
        return waiting.call(connection::unacknowledged);
    }

    /** Has all events go to a handler. It is told at once if something is already there to read. */
    public GuestTcp handle(Handler events) {
        waiting.run(() -> {
            handler = events;
            if (connection.readable() > 0 || connection.isFinished()) {
                events.onReadable(this);
            }
        });
        return this;
    }

    /** Ends the guest's half; the other side may go on. Returns at once. */
    public GuestTcp shutdownOutput() {
        waiting.run(() -> {
            connection.shutdownOutput();
            stack.tcp.markDue(this);
        });
        return this;
    }

    /** Ends the guest's half and throws away what still comes. Returns at once; {@link #awaitClosed()} waits for the end. */
    @Override
    public void close() {
        waiting.run(() -> {
            discarding = true;
            discard();
            connection.shutdownOutput();
            stack.tcp.markDue(this);
        });
    }

    /** Ends the connection with RST. */
    public void abort() {
        waiting.run(connection::abort);
    }

    /** Waits until both sides have ended, or it failed; TIME-WAIT counts as ended. Throws if it failed. */
    public void awaitClosed() {
        Duration limit = waiting.patience();
        waiting.await(closed, limit, this + ": end of connection");
    }

    /** Why the connection failed, or null if it did not. */
    public @Nullable TcpFailure failure() {
        return waiting.call(() -> Optional.ofNullable(failure)).orElse(null);
    }

    @Override
    public String toString() {
        return stack.settings.name() + ": TCP " + path.source.getHostAddress() + ":" + guestPort() + " to "
                + peerAddress() + ":" + peerPort();
    }

    Connection connection() {
        return connection;
    }

    Path path() {
        return path;
    }

    CompletableFuture<GuestTcp> connected() {
        return connected;
    }

    void onSegment(Segment segment) {
        connection.onSegment(segment, stack.loop.nowNanos());
        if (connection.state() == TcpState.TIME_WAIT) {
            closed.complete(this);
        }
        stack.tcp.markDue(this);
    }

    void onIcmp(IcmpError error) {
        icmp = error;
        if (error.mtu() > 0) {
            connection.onPathMtu(error.mtu() - (path.headerRoom - GuestStack.ETHERNET) - 20);
        } else if (error.type() == (path.isIpv6() ? IcmpLayer.UNREACHABLE6 : IcmpLayer.UNREACHABLE)) {
            connection.onUnreachable();
        }
    }

    void transmit(long nowNanos) {
        connection.transmit(nowNanos);
        if (connection.hasDeadline()) {
            stack.loop.timers().arm(alarm, connection.nextDeadlineNanos());
        } else {
            stack.loop.timers().cancel(alarm);
        }
    }

    private Object writeOrWait(byte[] bytes, int from, int length) {
        int taken = tryWriteOnLoop(bytes, from, length);
        return taken > 0 ? taken : waiter(writers);
    }

    private Object readOrWait(byte[] target, int at, int length) {
        int taken = tryReadOnLoop(target, at, length);
        return taken != 0 ? taken : waiter(readers);
    }

    private static CompletableFuture<Boolean> waiter(List<CompletableFuture<Boolean>> waiters) {
        CompletableFuture<Boolean> waiter = new CompletableFuture<>();
        waiters.add(waiter);
        return waiter;
    }

    private void await(Object waiter, String what) {
        waiting.await((CompletableFuture<?>) waiter, this + ": " + what);
    }

    private int tryWriteOnLoop(byte[] bytes, int from, int length) {
        if (failure != null || !(connection.state().maySend() || !connected.isDone())) {
            throw failed("write");
        }
        int taken = connection.write(bytes, from, length);
        if (taken > 0) {
            stack.tcp.markDue(this);
        }
        return taken;
    }

    private int tryReadOnLoop(byte[] target, int at, int length) {
        int taken = connection.read(target, at, length);
        if (taken > 0) {
            stack.tcp.markDue(this);
            return taken;
        }
        if (connection.isFinished()) {
            return -1;
        }
        if (failure != null || connection.state() == TcpState.CLOSED) {
            throw failed("read");
        }
        return 0;
    }

    private void discard() {
        byte[] bin = new byte[CHUNK];
        while (connection.read(bin, 0, CHUNK) > 0) {
            stack.tcp.markDue(this);
        }
    }

    private GuestException failed(String what) {
        TcpFailure reason = failure;
        String text = this + ": " + what + ": "
                + (reason == null
                        ? "closed, state " + connection.state()
                        : reason + (icmp == null ? "" : ", ICMP " + icmp.kind()));
        return new GuestException(reasonOf(reason), text, icmp);
    }

    private static GuestException.Reason reasonOf(@Nullable TcpFailure failure) {
        if (failure == null) {
            return GuestException.Reason.CLOSED;
        }
        return switch (failure) {
            case REFUSED -> GuestException.Reason.REFUSED;
            case RESET -> GuestException.Reason.RESET;
            case TIMED_OUT -> GuestException.Reason.TIMED_OUT;
            case UNREACHABLE -> GuestException.Reason.UNREACHABLE;
            case ABORTED -> GuestException.Reason.CLOSED;
        };
    }

    private static void wake(List<CompletableFuture<Boolean>> waiters) {
        List<CompletableFuture<Boolean>> woken = List.copyOf(waiters);
        waiters.clear();
        woken.forEach(waiter -> waiter.complete(Boolean.TRUE));
    }

    /** What the state machine has around it. */
    private final class Below implements Surroundings {
        @Override
        public boolean emit(Connection of, Segment segment, int payloadPosition) {
            return stack.tcp.emit(path, segment, GuestTcp.this, payloadPosition);
        }

        @Override
        public void onConnected(Connection of) {
            if (listener != null) {
                listener.onConnected(GuestTcp.this);
            }
            connected.complete(GuestTcp.this);
        }

        @Override
        public void onReadable(Connection of) {
            if (discarding) {
                discard();
            } else if (handler != null) {
                handler.onReadable(GuestTcp.this);
            }
            wake(readers);
        }

        @Override
        public void onWritable(Connection of) {
            if (handler != null) {
                handler.onWritable(GuestTcp.this);
            }
            wake(writers);
        }

        @Override
        public void onClosed(Connection of, @Nullable TcpFailure why) {
            failure = why;
            stack.tcp.remove(GuestTcp.this);
            stack.loop.timers().cancel(alarm);
            if (why != null) {
                connected.completeExceptionally(failed("connect"));
                closed.completeExceptionally(failed("end"));
            }
            closed.complete(GuestTcp.this);
            wake(readers);
            wake(writers);
            if (handler != null) {
                handler.onClosed(GuestTcp.this, why);
            }
        }

        @Override
        public void onViolation(Connection of, String what) {
            stack.violations.add(GuestTcp.this + ": " + what);
        }
    }
}
