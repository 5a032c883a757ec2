package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.tcp.Segment;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection played by hand, segment by segment: the guest's TCP keeps away from it, nothing is acknowledged, repeated or checked that the script does not say.
 *
 * <pre>{@code
 * TcpDialogue tcp = guest.dialogue("10.0.2.2", 80);
 * tcp.send(SYN, 0, 0).expect(SYN | ACK, 0, 1).send(ACK, 1, 1)
 *    .send(ACK | PSH, 1, 1, "GET").after(Duration.ofMillis(40)).expect(ACK, 1, 4)
 *    .expectSilence();
 * }</pre>
 *
 * <p>Sequence numbers are relative: those of the guest to its initial one ({@link #ISS} unless {@link #initialSequenceNumber} says otherwise, so that every script crosses the wrap), those of the other side to
 * the one of its SYN. In virtual time {@code expect} looks at what was sent at the present moment, and only {@link #after} lets time pass; in real time it waits. A failed expectation tells what differed
 * and prints the last frames.
 */
public final class TcpDialogue implements AutoCloseable {
    /** The guest's initial sequence number unless it is set. */
    public static final int ISS = 0xffff_fff0;

    private static final int TCP4_AT = 34;
    private static final int TCP6_AT = 54;
    private static final int SOURCE4_AT = 26;
    private static final int SOURCE6_AT = 22;

    private final GuestStack stack;
    private final Waiting waiting;
    private final int guestPort;
    private final ArrayDeque<Segment> arrived = new ArrayDeque<>();
    private final Predicate<byte[]> tap = this::take;
    private @Nullable Path path;
    private int peerPort;
    private @Nullable CompletableFuture<Boolean> signal;
    private @Nullable Segment last;
    private int iss = ISS;
    private int irs;
    private boolean irsKnown;
    private int window = 65_535;

    /**
     * @param path the way to the other side; null if it is to begin, with a SYN to the guest's port
     */
    TcpDialogue(GuestStack stack, Waiting waiting, @Nullable Path path, int peerPort, int guestPort) {
        this.stack = stack;
        this.waiting = waiting;
        this.path = path;
        this.peerPort = peerPort;
        this.guestPort = guestPort;
        stack.addTap(tap);
    }

    /** Sets the guest's initial sequence number, before anything is sent. */
    public TcpDialogue initialSequenceNumber(int number) {
        iss = number;
        return this;
    }

    /** Sets the window of the segments to come, as it stands in the header. */
    public TcpDialogue window(int units) {
        window = units;
        return this;
    }

    /** The other side's port; 0 before it has begun. */
    public int peerPort() {
        return peerPort;
    }

    /** The guest's port. */
    public int guestPort() {
        return guestPort;
    }

    // ---- the guest speaks

    /** Sends a segment without payload. */
    public TcpDialogue send(int flags, int seq, int ack) {
        return send(flags, seq, ack, "");
    }

    /** Sends a segment with text as payload. */
    public TcpDialogue send(int flags, int seq, int ack, String payload) {
        return send(flags, seq, ack, payload.getBytes(StandardCharsets.UTF_8), segment -> {});
    }

    /** Sends a segment, changed in any way just before: options, absolute numbers, lies. */
    public TcpDialogue send(int flags, int seq, int ack, byte[] payload, Consumer<Segment> changes) {
        Segment segment = new Segment();
        segment.sourcePort = guestPort;
        segment.destinationPort = peerPort;
        segment.flags = flags;
        segment.seq = iss + seq;
        segment.ack = (flags & Segment.ACK) != 0 ? irs + ack : 0;
        segment.window = window;
        changes.accept(segment);
        waiting.run(() -> stack.tcp.emit(path(), segment, payload));
        return this;
    }

    /** Sends the SYN with an MSS option. */
    public TcpDialogue sendSyn(int mss) {
        return sendSyn(segment -> segment.mss = mss);
    }

    /** Sends the SYN with options. */
    public TcpDialogue sendSyn(Consumer<Segment> options) {
        return send(Segment.SYN, 0, 0, new byte[0], options);
    }

    /** The three segments of a handshake that the guest begins. */
    public TcpDialogue establish() {
        return send(Segment.SYN, 0, 0).expect(Segment.SYN | Segment.ACK, 0, 1).send(Segment.ACK, 1, 1);
    }

    /** The three segments of a handshake that the other side begins. */
    public TcpDialogue accept() {
        return expect("SYN", segment -> segment.flags == Segment.SYN)
                .send(Segment.SYN | Segment.ACK, 0, 1)
                .expect(Segment.ACK, 1, 1);
    }

    // ---- the other side answers

    /** The next segment is this one, without payload. */
    public TcpDialogue expect(int flags, int seq, int ack) {
        return expect(flags, seq, ack, "");
    }

    /** The next segment is this one. PSH is compared only if it is among {@code flags}. */
    public TcpDialogue expect(int flags, int seq, int ack, String payload) {
        return expect(flags, seq, ack, payload.getBytes(StandardCharsets.UTF_8));
    }

    /** The next segment is this one. PSH is compared only if it is among {@code flags}. */
    public TcpDialogue expect(int flags, int seq, int ack, byte[] payload) {
        String wanted = describe(flags, seq, ack, payload);
        Segment segment = next(wanted);
        List<String> differences = new ArrayList<>();
        int compared = (flags & Segment.PSH) != 0 ? segment.flags : segment.flags & ~Segment.PSH;
        if (compared != flags) {
            differences.add("flags " + Segment.flagNames(segment.flags));
        }
        if (relativeSeq(segment) != seq) {
            differences.add("seq " + relativeSeq(segment));
        }
        if ((flags & Segment.ACK) != 0 && relativeAck(segment) != ack) {
            differences.add("ack " + relativeAck(segment));
        }
        if (!Arrays.equals(payload, payloadOf(segment))) {
            differences.add("payload " + show(payloadOf(segment)));
        }
        if (!differences.isEmpty()) {
            throw failed("expected " + wanted + ", but it has " + String.join(", ", differences));
        }
        return this;
    }

    /** The next segment satisfies a condition. */
    public TcpDialogue expect(String what, Predicate<Segment> condition) {
        Segment segment = next(what);
        if (!condition.test(segment)) {
            throw failed("expected " + what + ", but it is " + describe(segment));
        }
        return this;
    }

    /** The next segment is RST. */
    public TcpDialogue expectReset() {
        return expect("RST", segment -> segment.has(Segment.RST));
    }

    /** Nothing more has come up to now. */
    public TcpDialogue expectSilence() {
        waiting.driver().settle();
        Segment segment =
                waiting.call(() -> Optional.ofNullable(arrived.peek())).orElse(null);
        if (segment != null) {
            throw failed("expected silence, but there came " + describe(segment));
        }
        return this;
    }

    /** Lets time pass. What comes meanwhile waits to be expected. */
    public TcpDialogue after(Duration time) {
        waiting.driver().after(time);
        return this;
    }

    /** Lets milliseconds pass. */
    public TcpDialogue after(long millis) {
        return after(Duration.ofMillis(millis));
    }

    /** Lets anything happen in between, such as something on the simulated host. */
    public TcpDialogue then(Runnable action) {
        action.run();
        return this;
    }

    /** Takes everything that has come, in order, and returns its payload joined, without looking at anything else. */
    public byte[] drain() {
        waiting.driver().settle();
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        waiting.run(() -> {
            for (Segment segment = arrived.poll(); segment != null; segment = arrived.poll()) {
                joined.writeBytes(payloadOf(segment));
                last = segment;
            }
        });
        return joined.toByteArray();
    }

    /**
     * The segment that was expected last.
     *
     * @throws IllegalStateException before the first
     */
    public Segment last() {
        Segment present = last;
        if (present == null) {
            throw new IllegalStateException("nothing was expected yet");
        }
        return present;
    }

    /** Gives the connection's frames back to the guest's TCP, which resets it if more comes. */
    @Override
    public void close() {
        waiting.run(() -> stack.removeTap(tap));
    }

    private boolean take(byte[] frame) {
        if (!isTcp(frame) || !isOurs(frame)) {
            return false;
        }
        Segment segment = new Segment();
        int at = tcpAt(frame);
        int length = at == TCP6_AT ? Bytes.u16(frame, 18) : Bytes.u16(frame, 16) - 20;
        if (!path().checksumIsRight(TcpLayer.PROTOCOL, frame, at, length)) {
            stack.violations.add("wrong TCP checksum", frame);
            return true;
        }
        if (!segment.parse(frame, at, length)) {
            stack.violations.add("malformed TCP header", frame);
            return true;
        }
        if (segment.has(Segment.SYN) && !irsKnown) {
            irsKnown = true;
            irs = segment.seq;
        }
        arrived.add(segment);
        if (signal != null) {
            signal.complete(Boolean.TRUE);
        }
        return true;
    }

    /** Whether a frame belongs to this connection. The first SYN to the guest's port decides whose it is, if that is open. */
    private boolean isOurs(byte[] frame) {
        int at = tcpAt(frame);
        if (Bytes.u16(frame, at + 2) != guestPort) {
            return false;
        }
        boolean v6 = at == TCP6_AT;
        InetAddress source = v6 ? Ipv6Layer.address(frame, SOURCE6_AT) : Ipv4Layer.address(frame, SOURCE4_AT);
        Path known = path;
        if (known == null && (frame[at + 13] & (Segment.SYN | Segment.ACK)) == Segment.SYN) {
            peerPort = Bytes.u16(frame, at);
            path = stack.path(source);
            return true;
        }
        return known != null && Bytes.u16(frame, at) == peerPort && known.destination.equals(source);
    }

    private Path path() {
        Path known = path;
        if (known == null) {
            throw new IllegalStateException("nobody has sent a SYN to port " + guestPort + " yet");
        }
        return known;
    }

    private static int tcpAt(byte[] frame) {
        return Bytes.u16(frame, 12) == Ipv6Layer.ETHER_TYPE ? TCP6_AT : TCP4_AT;
    }

    /** Whether a frame is TCP in an unfragmented packet without IPv4 options or extension headers. */
    private static boolean isTcp(byte[] frame) {
        if (frame.length >= TCP6_AT + 20 && tcpAt(frame) == TCP6_AT) {
            int length = Bytes.u16(frame, 18);
            return Bytes.u8(frame, 20) == TcpLayer.PROTOCOL && length >= 20 && length <= frame.length - TCP6_AT;
        }
        return frame.length >= TCP4_AT + 20
                && Bytes.u16(frame, 12) == Ipv4Layer.ETHER_TYPE
                && frame[14] == 0x45
                && Bytes.u8(frame, 23) == TcpLayer.PROTOCOL
                && Bytes.u16(frame, 16) >= 40
                && Bytes.u16(frame, 16) <= frame.length - GuestStack.ETHERNET;
    }

    private Segment next(String wanted) {
        waiting.driver().settle();
        if (!waiting.driver().isVirtual()) {
            awaitArrival();
        }
        Segment segment =
                waiting.call(() -> Optional.ofNullable(arrived.poll())).orElse(null);
        if (segment == null) {
            throw failed("expected " + wanted + ", but nothing came");
        }
        last = segment;
        return segment;
    }

    private void awaitArrival() {
        CompletableFuture<Boolean> coming = waiting.call(() -> {
            CompletableFuture<Boolean> future = new CompletableFuture<>();
            signal = future;
            if (!arrived.isEmpty()) {
                future.complete(Boolean.TRUE);
            }
            return future;
        });
        waiting.driver().await(coming::isDone, coming, waiting.patience());
    }

    private AssertionError failed(String what) {
        return new AssertionError(
                stack + ": " + what + waiting.driver() + "\nlast frames (> sent, < received):\n" + stack.log.tail(15));
    }

    private int relativeSeq(Segment segment) {
        return segment.seq - irs;
    }

    private int relativeAck(Segment segment) {
        return segment.ack - iss;
    }

    private String describe(Segment segment) {
        return describe(segment.flags, relativeSeq(segment), relativeAck(segment), payloadOf(segment));
    }

    private static String describe(int flags, int seq, int ack, byte[] payload) {
        return Segment.flagNames(flags) + " seq " + seq + ((flags & Segment.ACK) != 0 ? " ack " + ack : "")
                + (payload.length > 0 ? " " + show(payload) : "");
    }

    private static byte[] payloadOf(Segment segment) {
        return Arrays.copyOfRange(segment.data, segment.dataAt, segment.dataAt + segment.dataLength);
    }

    private static String show(byte[] payload) {
        boolean text = payload.length <= 40;
        for (byte each : payload) {
            text &= each >= ' ' && each < 127;
        }
        return text ? "\"" + new String(payload, StandardCharsets.US_ASCII) + "\"" : payload.length + " bytes";
    }
}
