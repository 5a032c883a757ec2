package io.qnet.testkit;

import io.qnet.loop.Timer;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.Mac;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** ARP (RFC 826): answers for the guest's address, asks for others, keeps frames that wait for an answer. */
final class ArpLayer {
    static final int ETHER_TYPE = 0x0806;
    static final long UNKNOWN = -1;

    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int LENGTH = 42;
    private static final int MOST_TRIES = 3;
    private static final int MOST_WAITING = 64;
    private static final long TRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final GuestStack stack;
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

    ArpLayer(GuestStack stack) {
        this.stack = stack;
    }

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

    void onFrame(byte[] frame) {
        if (frame.length < LENGTH || Bytes.i32(frame, 14) != 0x00010800 || Bytes.u16(frame, 18) != 0x0604) {
            stack.violations.add("malformed ARP", frame);
            return;
        }
        long sender = Bytes.u48(frame, 22);
        InetAddress senderIp = Ipv4Layer.address(frame, 28);
        InetAddress target = Ipv4Layer.address(frame, 38);
        int operation = Bytes.u16(frame, 20);
        checkSender(frame, sender, operation);
        InetAddress own = stack.ipv4.address();
        boolean forUs = own != null && target.equals(own);
        if (known.containsKey(senderIp) || open.containsKey(senderIp) || forUs) {
            learn(senderIp, sender);
        }
        if (operation == REQUEST && forUs) {
            sendReply(sender, senderIp, target);
        }
    }

    void forget() {
        known.clear();
    }

    void close() {
        open.values().forEach(stack.loop.timers()::cancel);
        open.values().forEach(question -> question.askers.forEach(asker -> asker.complete(UNKNOWN)));
        open.clear();
    }

    private void checkSender(byte[] frame, long sender, int operation) {
        if (sender != Bytes.u48(frame, 6)) {
            stack.violations.add("ARP sender " + Mac.text(sender) + " is not the frame's source", frame);
        }
        if (operation != REQUEST && operation != REPLY) {
            stack.violations.add("ARP operation " + operation, frame);
        }
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

    private void learn(InetAddress address, long mac) {
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

    private void sendRequest(InetAddress target) {
        InetAddress own = stack.ipv4.address();
        send(Mac.BROADCAST, REQUEST, own, 0, target);
    }

    private void sendReply(long mac, InetAddress to, InetAddress own) {
        send(mac, REPLY, own, mac, to);
    }

    private void send(long destination, int operation, @Nullable InetAddress own, long targetMac, InetAddress target) {
        byte[] frame = stack.tx;
        stack.ethernet(frame, destination, ETHER_TYPE);
        Bytes.put32(frame, 14, 0x00010800);
        Bytes.put16(frame, 18, 0x0604);
        Bytes.put16(frame, 20, operation);
        Bytes.put48(frame, 22, stack.settings.mac());
        Ipv4Layer.put(frame, 28, own == null ? Ipv4Layer.ANY : own);
        Bytes.put48(frame, 32, targetMac);
        Ipv4Layer.put(frame, 38, target);
        stack.send(frame, LENGTH);
    }
}
