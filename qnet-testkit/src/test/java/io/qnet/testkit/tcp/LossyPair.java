package io.qnet.testkit.tcp;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Two connections joined by two wires that lose, double and delay, in time of their own. */
final class LossyPair {
    record Faults(double loss, double doubling, long delayNanos, long jitterNanos) {
        static final Faults NONE = new Faults(0, 0, TimeUnit.MILLISECONDS.toNanos(1), 0);
    }

    /** One end: a connection, the program above it, and the wire to the other end. */
    final class End implements Surroundings {
        final Connection connection;
        final byte[] wire = new byte[70_000];
        boolean connected;
        boolean closed;

        @Nullable TcpFailure failure;

        String violation = "";

        End(int port, int peerPort, TcpSettings settings, int iss) {
            connection = new Connection(port, peerPort, settings, 1460, iss, this);
        }

        @Override
        public boolean emit(Connection of, Segment segment, int payloadPosition) {
            int header = segment.write(wire, 0);
            connection.copyPayload(payloadPosition, wire, header, segment.dataLength);
            byte[] bytes = Arrays.copyOf(wire, header + segment.dataLength);
            sent++;
            for (int copies = random.nextDouble() < faults.doubling ? 2 : 1; copies > 0; copies--) {
                if (random.nextDouble() >= faults.loss) {
                    long jitter = faults.jitterNanos == 0 ? 0 : random.nextLong(faults.jitterNanos);
                    travelling.add(new Travelling(now + faults.delayNanos + jitter, count++, other(this), bytes));
                }
            }
            return true;
        }

        @Override
        public void onConnected(Connection of) {
            connected = true;
        }

        @Override
        public void onReadable(Connection of) {}

        @Override
        public void onWritable(Connection of) {}

        @Override
        public void onClosed(Connection of, @Nullable TcpFailure why) {
            closed = true;
            failure = why;
        }

        @Override
        public void onViolation(Connection of, String what) {
            violation = what;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Travelling(long at, long number, End to, byte[] bytes) {}

    final End one;
    final End two;
    long now;
    long sent;

    private final Faults faults;
    private final Random random;
    private final PriorityQueue<Travelling> travelling =
            new PriorityQueue<>(Comparator.comparingLong(Travelling::at).thenComparingLong(Travelling::number));
    private long count;
    private boolean accepted;

    LossyPair(Faults faults, TcpSettings settings, long seed) {
        this.faults = faults;
        this.random = new Random(seed);
        one = new End(1000, 80, settings, 0xffff_fff0);
        two = new End(80, 1000, settings, 0x7fff_fffe);
        one.connection.open();
        one.connection.transmit(now);
    }

    End other(End end) {
        return end == one ? two : one;
    }

    /** Lets the next thing happen: a segment arrives or a timer fires. Returns false if nothing will ever happen. */
    boolean step() {
        Travelling next = travelling.peek();
        End timer = earliestTimer();
        if (next == null && timer == null) {
            return false;
        }
        if (next != null && (timer == null || next.at - timer.connection.nextDeadlineNanos() <= 0)) {
            travelling.remove();
            now = Math.max(now, next.at);
            arrive(next);
        } else if (timer != null) {
            now = Math.max(now, timer.connection.nextDeadlineNanos());
            timer.connection.onTimer(now);
            timer.connection.transmit(now);
        }
        return true;
    }

    @Override
    public String toString() {
        return "at " + now / 1_000_000 + " ms: one " + describe(one) + ", two " + describe(two);
    }

    private static String describe(End end) {
        return end.connection.state() + " " + end.failure + " received " + end.connection.bytesReceived()
                + " unacknowledged " + end.connection.unacknowledged();
    }

    private void arrive(Travelling what) {
        Segment segment = new Segment();
        if (!segment.parse(what.bytes, 0, what.bytes.length)) {
            throw new AssertionError("malformed segment");
        }
        if (what.to == two && !accepted) {
            if (!segment.has(Segment.SYN)) {
                return;
            }
            accepted = true;
            two.connection.accept(segment);
        } else {
            what.to.connection.onSegment(segment, now);
        }
        what.to.connection.transmit(now);
    }

    private @Nullable End earliestTimer() {
        boolean first = one.connection.hasDeadline();
        boolean second = two.connection.hasDeadline();
        if (first && second) {
            return one.connection.nextDeadlineNanos() - two.connection.nextDeadlineNanos() <= 0 ? one : two;
        }
        return first ? one : second ? two : null;
    }
}
