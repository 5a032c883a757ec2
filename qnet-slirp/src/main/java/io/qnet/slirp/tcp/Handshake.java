package io.qnet.slirp.tcp;

import io.qnet.wire.TcpView;
import org.jspecify.annotations.Nullable;

/**
 * What two ends agree on by their SYNs, and the retransmission of ours until it is answered.
 */
final class Handshake {
    /** After so many SYNs without an answer the guest is given up: 63 s. */
    private static final int MAX_TRANSMISSIONS = 6;

    /** RFC 9293 §3.7.1: what is assumed of a peer that does not say. */
    private static final int DEFAULT_MSS4 = 536;

    private static final int DEFAULT_MSS6 = 1220;
    /** The least that MTU 68 leaves; a guest that says less is not believed. */
    private static final int MIN_MSS = 28;

    /** RFC 7323 §2.3: larger shifts are taken for 14. */
    private static final int MAX_WINDOW_SCALE = 14;

    private static final int HEADERS4 = 40;
    private static final int MIN_MTU4 = 68;
    private static final int MIN_MTU6 = 1280;
    private static final int HEADERS6 = 60;

    final int iss;
    /** What we tell the guest: the largest segment it may send. */
    final int ownMss;

    private final boolean ipv4;
    private int irs;
    private int peerMss;
    private int peerShift = -1;
    private boolean sack = true;
    private boolean timestamps = true;
    private boolean scaled = true;

    /** Our SYN or SYN|ACK is to be sent. */
    private boolean due;

    /** How often our SYN was sent, and how often because nothing answered it; a guest that repeats its own SYN hastens the first, not the second. */
    private int transmissions;

    private int timeouts;
    private long sentNanos;
    final Deadline retransmit = new Deadline();
    /** The guest's SYN as it came, for an ICMP error that quotes it. */
    private byte @Nullable [] synPacket;

    Handshake(int iss, int mtu, boolean ipv4) {
        this.iss = iss;
        this.ipv4 = ipv4;
        ownMss = Math.max(MIN_MSS, mtu - (ipv4 ? HEADERS4 : HEADERS6));
    }

    /** Takes the guest's SYN; what it does not offer is not used. */
    void onSyn(Segment segment) {
        TcpView header = segment.header;
        irs = segment.seq;
        peerMss = header.mss() > 0 ? header.mss() : ipv4 ? DEFAULT_MSS4 : DEFAULT_MSS6;
        peerShift = Math.min(header.windowScale(), MAX_WINDOW_SCALE);
        scaled &= peerShift >= 0;
        sack &= header.isSackPermitted();
        timestamps &= header.hasTimestamps();
    }

    void keepPacket(byte[] synPacket) {
        this.synPacket = synPacket;
    }

    /** The SYN that was kept; it is forgotten. */
    byte @Nullable [] takePacket() {
        byte[] packet = synPacket;
        synPacket = null;
        return packet;
    }

    int irs() {
        return irs;
    }

    boolean isSack() {
        return sack;
    }

    boolean isTimestamps() {
        return timestamps;
    }

    boolean isScaled() {
        return scaled;
    }

    /** The shift of windows that the guest sends. */
    int peerShift() {
        return scaled ? peerShift : 0;
    }

    /** The shift that our SYN offers, -1 for none. */
    int offeredShift() {
        return scaled ? Receiver.WINDOW_SHIFT : -1;
    }

    /** Payload bytes of a full segment to the guest, with the options that every segment carries (RFC 6691). */
    int sendMss() {
        return withoutOptions(Math.min(peerMss, ownMss));
    }

    /** The same on a path that takes packets of {@code mtu} bytes; what is less than every path must take is not believed (RFC 791, RFC 8200). */
    int sendMss(int mtu) {
        int least = ipv4 ? MIN_MTU4 : MIN_MTU6;
        return Math.min(sendMss(), withoutOptions(Math.max(mtu, least) - (ipv4 ? HEADERS4 : HEADERS6)));
    }

    private int withoutOptions(int mss) {
        return Math.max(MIN_MSS, mss) - (timestamps ? TcpOptions.LENGTH_TIMESTAMPS : 0);
    }

    boolean isDue() {
        return due;
    }

    /** Our SYN is to be sent, now or again. */
    void send() {
        due = true;
    }

    /** Our SYN was sent. */
    void onSent(long rtoNanos, long nowNanos) {
        due = false;
        if (transmissions == 0) {
            sentNanos = nowNanos;
        }
        transmissions = Math.min(transmissions + 1, 2);
        if (!retransmit.isSet()) {
            retransmit.set(nowNanos + Math.min(rtoNanos << timeouts, RttEstimator.MAX_RTO));
        }
    }

    /** The deadline has come; false if it was the last. */
    boolean onTimer(long nowNanos) {
        if (retransmit.isDue(nowNanos)) {
            retransmit.clear();
            due = true;
            return ++timeouts < MAX_TRANSMISSIONS;
        }
        return true;
    }

    /** Our SYN is answered: the first measurement, or what its loss means. */
    void finish(RttEstimator rtt, Congestion congestion, long nowNanos) {
        retransmit.clear();
        due = false;
        if (timeouts > 0) {
            rtt.afterHandshakeTimeout();
            congestion.afterHandshakeTimeout();
        } else if (transmissions == 1) {
            rtt.sample(nowNanos - sentNanos, nowNanos);
        }
    }
}
