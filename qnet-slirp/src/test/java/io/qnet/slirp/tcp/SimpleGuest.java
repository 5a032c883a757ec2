package io.qnet.slirp.tcp;

import io.qnet.wire.Tcp;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A guest's TCP of the simplest kind, with nothing of the engine's in it: it acknowledges every segment, keeps what is early in a map, resends one segment after three duplicates or a fixed time-out, and
 * checks what it is sent. It opens a connection, sends all of its data and a FIN, and takes whatever comes until a FIN.
 */
final class SimpleGuest {
    interface Wire {
        void send(int seq, int ack, int flags, int window, byte[] options, byte[] payload);
    }

    private static final long RTO = 300_000_000L;

    /** What it has room for, as in its segments: not scaled. */
    int windowField = 60_000;

    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    boolean finReceived;
    boolean wasReset;
    int segmentsReceived;
    int duplicateSegments;

    private final Wire wire;
    private final byte[] data;
    private final int mss;
    private final int iss;
    private final boolean sack;
    private final boolean timestamps;
    private final int shift;

    private boolean established;
    private long una;
    private long nxt;
    private int peerShift;
    private long peerWindow = 1;
    private int duplicates;
    private long timeoutAt;
    private boolean timerSet;
    private long rto = RTO;
    private boolean peerSack;
    private boolean peerTimestamps;

    private int irs;
    private long rcvNxt;
    private final TreeMap<Long, byte[]> early = new TreeMap<>();
    private long latestEarly;
    private long finAt = -1;
    private int tsRecent;
    private long now;

    SimpleGuest(Wire wire, byte[] data, int iss, int mss, boolean sack, boolean timestamps, int shift) {
        this.wire = wire;
        this.data = data;
        this.iss = iss;
        this.mss = mss - (timestamps ? 12 : 0);
        this.sack = sack;
        this.timestamps = timestamps;
        this.shift = shift;
    }

    void open(long nowNanos) {
        now = nowNanos;
        List<byte[]> options = new ArrayList<>();
        options.add(GuestFrames.mss(mss + (timestamps ? 12 : 0)));
        if (sack) {
            options.add(GuestFrames.sackPermitted());
        }
        if (timestamps) {
            options.add(GuestFrames.timestamps(clock(), 0));
        }
        if (shift >= 0) {
            options.add(GuestFrames.windowScale(shift));
        }
        wire.send(iss, 0, Tcp.SYN, windowField, GuestFrames.join(options.toArray(new byte[0][])), new byte[0]);
        arm();
    }

    /** Everything that the guest has to send is acknowledged, the FIN included. */
    boolean isDone() {
        return finReceived && una == data.length + 2;
    }

    boolean hasTimer() {
        return timerSet;
    }

    long timerAt() {
        return timeoutAt;
    }

    void onTimer(long nowNanos) {
        now = nowNanos;
        timerSet = false;
        rto = Math.min(2 * rto, 10_000_000_000L);
        if (!established) {
            open(nowNanos);
            return;
        }
        resend();
        arm();
    }

    private void arm() {
        timerSet = true;
        timeoutAt = now + rto;
    }

    private int clock() {
        return (int) (now / 1_000_000);
    }

    void onSegment(SentSegment segment, long nowNanos) {
        now = nowNanos;
        segmentsReceived++;
        if ((segment.flags() & Tcp.RST) != 0) {
            wasReset = true;
            timerSet = false;
            return;
        }
        if ((segment.flags() & Tcp.SYN) != 0) {
            onSyn(segment);
            return;
        }
        if (!established) {
            return;
        }
        if (segment.payload().length > mss) {
            throw new AssertionError("a segment of " + segment.payload().length);
        }
        if (segment.timestamps() != peerTimestamps) {
            throw new AssertionError("timestamps " + segment.timestamps());
        }
        onText(segment);
        onAck(segment);
    }

    private void onSyn(SentSegment segment) {
        if (!established) {
            established = true;
            irs = segment.seq();
            rcvNxt = 1;
            una = 1;
            nxt = 1;
            peerSack = segment.sackPermitted();
            peerTimestamps = segment.timestamps();
            peerShift = Math.max(0, segment.windowScale());
            peerWindow = segment.window();
            tsRecent = segment.tsVal();
            rto = RTO;
            timerSet = false;
        }
        ack();
        sendNew();
    }

    private void onText(SentSegment segment) {
        long at = rcvNxt + (segment.seq() - (irs + (int) rcvNxt));
        byte[] text = segment.payload();
        boolean fin = (segment.flags() & Tcp.FIN) != 0;
        if (text.length == 0 && !fin) {
            if (at != rcvNxt) {
                ack();
            }
            return;
        }
        if (at <= rcvNxt && segment.timestamps()) {
            tsRecent = segment.tsVal();
        }
        if (at + text.length - rcvNxt > ((long) windowField << Math.max(0, shift))) {
            throw new AssertionError("the window was overrun");
        }
        if (fin) {
            finAt = at + text.length;
        }
        if (at + text.length + (fin ? 1 : 0) <= rcvNxt) {
            duplicateSegments++;
        } else if (text.length > 0) {
            byte[] before = early.get(at);
            if (before == null || before.length < text.length) {
                early.put(at, text);
            }
            latestEarly = at;
        }
        deliver();
        ack();
    }

    private void deliver() {
        while (!early.isEmpty() && early.firstKey() <= rcvNxt) {
            Map.Entry<Long, byte[]> first = early.pollFirstEntry();
            int skip = (int) (rcvNxt - first.getKey());
            int length = first.getValue().length - skip;
            if (length > 0) {
                received.write(first.getValue(), skip, length);
                rcvNxt += length;
            }
        }
        if (finAt == rcvNxt && !finReceived) {
            finReceived = true;
            rcvNxt++;
        }
    }

    private void onAck(SentSegment segment) {
        long ack = una + (segment.ack() - (iss + (int) una));
        if (ack > nxt) {
            throw new AssertionError("acknowledges what was not sent");
        }
        long window = (long) segment.window() << peerShift;
        if (ack > una) {
            una = ack;
            duplicates = 0;
            rto = RTO;
            timerSet = false;
        } else if (ack == una && nxt > una && segment.payload().length == 0 && window == peerWindow) {
            if (++duplicates == 3) {
                resend();
            }
        }
        peerWindow = window;
        sendNew();
        if ((una < nxt && !timerSet) || (una == nxt && nxt < data.length + 2)) {
            arm();
        }
    }

    private void sendNew() {
        while (nxt < data.length + 2) {
            long room = una + Math.min(peerWindow, 200_000) - nxt;
            int left = (int) (data.length + 1 - nxt);
            int length = (int) Math.min(Math.min(left, mss), room);
            if (length < Math.min(left, mss) || room <= 0) {
                return;
            }
            send(nxt, length);
            nxt += length + (nxt + length == data.length + 1 ? 1 : 0);
            if (!timerSet) {
                arm();
            }
        }
    }

    private void resend() {
        if (una == nxt && nxt < data.length + 1) {
            send(una, 1); // the window is closed
            nxt++;
        } else if (una < nxt) {
            send(una, (int) Math.min(mss, Math.min(nxt, data.length + 1) - una));
        }
    }

    private void send(long at, int length) {
        byte[] text = new byte[length];
        System.arraycopy(data, (int) (at - 1), text, 0, length);
        boolean fin = at + length == data.length + 1;
        int flags = Tcp.ACK | (fin ? Tcp.FIN : 0);
        wire.send(iss + (int) at, irs + (int) rcvNxt, flags, windowField, stamps(), text);
    }

    private void ack() {
        byte[] options = stamps();
        if (peerSack && !early.isEmpty()) {
            options = GuestFrames.join(options, GuestFrames.sack(blocks()));
        }
        wire.send(iss + (int) nxt, irs + (int) rcvNxt, Tcp.ACK, windowField, options, new byte[0]);
    }

    private int[] blocks() {
        List<long[]> ranges = new ArrayList<>();
        for (Map.Entry<Long, byte[]> piece : early.entrySet()) {
            long start = piece.getKey();
            long end = start + piece.getValue().length;
            if (!ranges.isEmpty() && ranges.get(ranges.size() - 1)[1] >= start) {
                long[] last = ranges.get(ranges.size() - 1);
                last[1] = Math.max(last[1], end);
            } else {
                ranges.add(new long[] {start, end});
            }
        }
        ranges.sort((a, b) -> Boolean.compare(contains(b), contains(a)));
        int count = Math.min(ranges.size(), 3);
        int[] edges = new int[2 * count];
        for (int i = 0; i < count; i++) {
            edges[2 * i] = irs + (int) ranges.get(i)[0];
            edges[2 * i + 1] = irs + (int) ranges.get(i)[1];
        }
        return edges;
    }

    private boolean contains(long[] range) {
        return range[0] <= latestEarly && latestEarly < range[1];
    }

    private byte[] stamps() {
        return peerTimestamps ? GuestFrames.timestamps(clock(), tsRecent) : new byte[0];
    }
}
