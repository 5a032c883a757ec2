package io.qnet.slirp.tcp;

import io.qnet.slirp.ip.FakeGuestOutput.Sent;
import io.qnet.wire.IpAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A segment that qnet sent, read with code of its own. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SentSegment(
        int guestPort,
        int hostPort,
        int seq,
        int ack,
        int flags,
        int window,
        int mss,
        int windowScale,
        boolean sackPermitted,
        boolean timestamps,
        int tsVal,
        int tsEcr,
        List<Integer> sackEdges,
        byte[] payload,
        int gsoSize) {
    static SentSegment read(Sent sent) {
        byte[] bytes = sent.bytes();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int headerLength = (bytes[12] >> 4 & 0xf) * 4;
        if (headerLength != sent.transportLength) {
            throw new AssertionError("header of " + headerLength + " bytes, " + sent.transportLength + " written");
        }
        checkSum(sent, bytes);
        if (in.getShort(18) != 0) {
            throw new AssertionError("an urgent pointer");
        }
        Options options = new Options();
        options.read(in, headerLength);
        byte[] payload = new byte[bytes.length - headerLength];
        System.arraycopy(bytes, headerLength, payload, 0, payload.length);
        int expectedGso = sent.gsoSize;
        if (expectedGso > 0 && payload.length <= expectedGso) {
            throw new AssertionError("segmentation asked for " + payload.length + " bytes at " + expectedGso);
        }
        return new SentSegment(
                in.getShort(2) & 0xffff,
                in.getShort(0) & 0xffff,
                in.getInt(4),
                in.getInt(8),
                bytes[13] & 0xff,
                in.getShort(14) & 0xffff,
                options.mss,
                options.windowScale,
                options.sackPermitted,
                options.timestamps,
                options.tsVal,
                options.tsEcr,
                options.sack,
                payload,
                sent.gsoSize);
    }

    /** The open checksum's field holds the pseudo-header's sum. */
    private static void checkSum(Sent sent, byte[] bytes) {
        if (sent.checksumOffset != 16) {
            throw new AssertionError("checksum at " + sent.checksumOffset);
        }
        long sum = words(sent.source) + words(sent.destination) + 6 + bytes.length;
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        int found = (bytes[16] & 0xff) << 8 | (bytes[17] & 0xff);
        if (found != sum) {
            throw new AssertionError("pseudo-header sum " + found + ", not " + sum);
        }
    }

    private static long words(IpAddress address) {
        byte[] bytes = address.toInetAddress().getAddress();
        long sum = 0;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (bytes[i + 1] & 0xff);
        }
        return sum;
    }

    /** A part of this segment, as segmentation makes it. */
    SentSegment part(int partSeq, int partFlags, byte[] partPayload) {
        return new SentSegment(
                guestPort,
                hostPort,
                partSeq,
                ack,
                partFlags,
                window,
                mss,
                windowScale,
                sackPermitted,
                timestamps,
                tsVal,
                tsEcr,
                sackEdges,
                partPayload,
                0);
    }

    String text() {
        return new String(payload, StandardCharsets.ISO_8859_1);
    }

    int end() {
        return seq + payload.length + (flags >> 1 & 1) + (flags & 1);
    }

    private static final class Options {
        private int mss = -1;
        private int windowScale = -1;
        private boolean sackPermitted;
        private boolean timestamps;
        private int tsVal;
        private int tsEcr;
        private final List<Integer> sack = new ArrayList<>();

        void read(ByteBuffer in, int end) {
            int at = 20;
            while (at < end) {
                int kind = in.get(at);
                if (kind == 1) {
                    at++;
                    continue;
                }
                int length = in.get(at + 1);
                if (length < 2 || at + length > end) {
                    throw new AssertionError("option " + kind + " of length " + length);
                }
                switch (kind) {
                    case 2 -> mss = in.getShort(at + 2) & 0xffff;
                    case 3 -> windowScale = in.get(at + 2);
                    case 4 -> sackPermitted = true;
                    case 5 -> {
                        for (int i = at + 2; i < at + length; i += 4) {
                            sack.add(in.getInt(i));
                        }
                    }
                    case 8 -> {
                        timestamps = true;
                        tsVal = in.getInt(at + 2);
                        tsEcr = in.getInt(at + 6);
                    }
                    default -> throw new AssertionError("option " + kind);
                }
                at += length;
            }
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        String names = "FSRPAU";
        for (int i = 0; i < names.length(); i++) {
            if ((flags >> i & 1) != 0) {
                text.append(names.charAt(i));
            }
        }
        text.append(String.format(" seq=%08x ack=%08x win=%d len=%d", seq, ack, window, payload.length));
        if (gsoSize > 0) {
            text.append(" gso=").append(gsoSize);
        }
        if (!sackEdges.isEmpty()) {
            text.append(" sack=");
            sackEdges.forEach(edge -> text.append(String.format("%08x ", edge)));
        }
        return text.toString();
    }
}
