package io.qnet.testkit.host;

import io.qnet.host.HostError;
import java.io.ByteArrayOutputStream;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * One TCP connection as a program on the simulated host sees it. What it reads is kept in {@link #received()}. A program that was told to stop reading lets the socket's buffer fill up, and the guest is
 * slowed down. Loop thread, or the thread that drives the network.
 */
public final class HostConnection {
    /** How much a program that does not read lets arrive. */
    public static final int SOCKET_BUFFER = 256 << 10;

    private final SimulatedHost host;
    private final SocketAddress own;
    private final SimulatedStream stream;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private Consumer<byte[]> onData = bytes -> {};
    private Runnable onEnd = () -> {};
    private final List<byte[]> unread = new ArrayList<>();
    private boolean reading = true;
    private boolean keeping = true;
    private long receivedBytes;
    private long readBytes;
    private int buffered;
    private boolean ended;
    private boolean finished;
    private boolean reset;

    HostConnection(SimulatedHost host, SocketAddress own, SimulatedStream stream) {
        this.host = host;
        this.own = own;
        this.stream = stream;
    }

    /** Sends text in UTF-8. */
    public HostConnection send(String text) {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends bytes, however many; they wait for the guest's side to read them. */
    public HostConnection send(byte[] bytes) {
        if (finished || reset) {
            throw new IllegalStateException("the program has ended its half");
        }
        byte[] copy = bytes.clone();
        host.later(() -> stream.arrive(copy));
        return this;
    }

    /** Ends the program's half: FIN after all that was sent. */
    public HostConnection finish() {
        if (!finished && !reset) {
            finished = true;
            host.later(stream::eofArrive);
        }
        return this;
    }

    /** Ends the connection with RST. */
    public void reset() {
        reset = true;
        host.later(() -> stream.fail(HostError.RESET));
    }

    /** The program reads no more, until {@link #resumeReading()}. */
    public HostConnection stopReading() {
        reading = false;
        return this;
    }

    /** The program reads again. */
    public HostConnection resumeReading() {
        reading = true;
        buffered = 0;
        List<byte[]> waiting = List.copyOf(unread);
        unread.clear();
        host.later(() -> {
            waiting.forEach(this::toProgram);
            stream.push();
        });
        return this;
    }

    /** Only counts what is read instead of keeping it. */
    public HostConnection countOnly() {
        keeping = false;
        return this;
    }

    /** Told of everything that the program reads. */
    public HostConnection onData(Consumer<byte[]> listener) {
        onData = listener;
        return this;
    }

    /** Told when the guest's side has ended its half. */
    public HostConnection onEnd(Runnable listener) {
        onEnd = listener;
        return this;
    }

    /** All that the program has read so far. */
    public byte[] received() {
        return received.toByteArray();
    }

    /** All that the program has read so far, as UTF-8 text. */
    public String receivedText() {
        return received.toString(StandardCharsets.UTF_8);
    }

    /** How many bytes arrived so far, read by the program or not. */
    public long receivedBytes() {
        return receivedBytes;
    }

    /** How many of the bytes sent were read by the netdev. */
    public long readBytes() {
        return readBytes;
    }

    /** Whether the guest's side has ended its half. */
    public boolean isEnded() {
        return ended;
    }

    /** Whether the connection was reset, by either side. */
    public boolean isReset() {
        return reset;
    }

    /** The program's own address. */
    public SocketAddress address() {
        return own;
    }

    /** Where the connection comes from, as the program sees it. */
    public SocketAddress peerAddress() {
        return stream.localAddress();
    }

    /** Takes bytes from a place of an array on, and returns how many. */
    int take(byte[] bytes, int from) {
        int offered = bytes.length - from;
        int room = reading ? offered : Math.min(offered, SOCKET_BUFFER - buffered);
        if (room == 0 || reset) {
            return reset ? offered : 0;
        }
        byte[] part = Arrays.copyOfRange(bytes, from, from + room);
        receivedBytes += room;
        if (reading) {
            host.later(() -> toProgram(part));
        } else {
            buffered += room;
            unread.add(part);
        }
        return room;
    }

    void wasRead(int bytes) {
        readBytes += bytes;
    }

    private void toProgram(byte[] bytes) {
        if (keeping) {
            received.writeBytes(bytes);
        }
        onData.accept(bytes);
    }

    void eofArrived() {
        ended = true;
        onEnd.run();
    }

    void resetArrived() {
        reset = true;
        onEnd.run();
    }
}
