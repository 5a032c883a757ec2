package io.qnet.testkit;

import io.qnet.loop.Timer;
import io.qnet.testkit.codec.Bytes;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The MAC addresses of neighbours: what ARP and neighbour discovery share. Asks three times, a second apart, and keeps frames that wait for an answer. */
abstract class NeighbourCache {
    static final long UNKNOWN = -1;

    private static final int MOST_TRIES = 3;
    private static final int MOST_WAITING = 64;
    private static final long TRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    final GuestStack stack;
    private final Map<InetAddress, Long> known = new HashMap<>();
    private final Map<InetAddress, Question> open = new HashMap<>();

    /** One address that is being asked for. */
    private final class Question extends Timer {
        final InetAddress address;
        final List<byte[]> frames = new ArrayList<>();
        final List<CompletableFuture<Long>> askers = new ArrayList<>();
        int tries;

        Question(InetAddress address) {
            this.address = address;
        }

        void ask(long nowNanos) {
            tries++;
            sendRequest(address);
            stack.loop.timers().arm(this, nowNanos + TRY_NANOS);
        }

        @Override
        protected void onTimer(long nowNanos) {
            if (tries < MOST_TRIES) {
                ask(nowNanos);
                return;
            }
            open.remove(address);
            askers.forEach(asker -> asker.complete(UNKNOWN));
            stack.onNextHopDead(address);
        }
    }

    NeighbourCache(GuestStack stack) {
        this.stack = stack;
    }

    /** Asks everybody on the link for an address. */
    abstract void sendRequest(InetAddress target);

    /** The MAC address of a neighbour, or {@link #UNKNOWN}. */
    long lookUp(InetAddress address) {
        Long mac = known.get(address);
        return mac == null ? UNKNOWN : mac;
    }

    /** Keeps a frame, its destination MAC still to be filled in, until the neighbour has answered. */
    void await(InetAddress address, byte[] frame) {
        Question question = question(address);
        if (question.frames.size() < MOST_WAITING) {
            question.frames.add(frame);
        }
    }

    /** Asks, even if the answer is known; completes with the MAC address, or with {@link #UNKNOWN} after three tries. */
    CompletableFuture<Long> ask(InetAddress address) {
        known.remove(address);
        CompletableFuture<Long> asker = new CompletableFuture<>();
        question(address).askers.add(asker);
        return asker;
    }

    /** Whether this neighbour is known, or asked for. */
    boolean isOfInterest(InetAddress address) {
        return known.containsKey(address) || open.containsKey(address);
    }

    /** A neighbour has shown its MAC address. */
    void learn(InetAddress address, long mac) {
        if (address.isAnyLocalAddress()) {
            return;
        }
        known.put(address, mac);
        Question question = open.remove(address);
        if (question == null) {
            return;
        }
        stack.loop.timers().cancel(question);
        for (byte[] frame : question.frames) {
            Bytes.put48(frame, 0, mac);
            stack.send(frame, frame.length);
        }
        question.askers.forEach(asker -> asker.complete(mac));
    }

    void forget() {
        known.clear();
    }

    void close() {
        open.values().forEach(stack.loop.timers()::cancel);
        open.values().forEach(question -> question.askers.forEach(asker -> asker.complete(UNKNOWN)));
        open.clear();
    }

    private Question question(InetAddress address) {
        Question question = open.get(address);
        if (question == null) {
            question = new Question(address);
            open.put(address, question);
            question.ask(stack.loop.nowNanos());
        }
        return question;
    }
}
