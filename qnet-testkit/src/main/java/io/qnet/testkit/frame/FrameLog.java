package io.qnet.testkit.frame;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * The frames that passed a guest's NIC, in order. The log is bounded in bytes: the oldest frames are forgotten when it is full, {@link #total()} counts them still. Written on the network's loop, read from
 * any thread.
 */
public final class FrameLog {
    private final long maxBytes;
    private final ArrayDeque<LoggedFrame> frames = new ArrayDeque<>();
    private long bytes;
    private long total;

    /**
     * @param maxBytes the most bytes that are kept; 0 to keep nothing
     */
    public FrameLog(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Appends a frame; the array is kept. */
    public synchronized void add(long nanos, boolean sent, byte[] frame) {
        total++;
        if (maxBytes == 0) {
            return;
        }
        frames.add(new LoggedFrame(nanos, sent, frame));
        bytes += frame.length;
        while (bytes > maxBytes && frames.size() > 1) {
            bytes -= frames.remove().bytes().length;
        }
    }

    /** Whether frames are kept at all. */
    public boolean isKeeping() {
        return maxBytes > 0;
    }

    /** How many frames passed, kept or not. */
    public synchronized long total() {
        return total;
    }

    /** The frames that are kept. */
    public synchronized List<LoggedFrame> frames() {
        return new ArrayList<>(frames);
    }

    /** Those of the frames kept that the guest received. */
    public List<byte[]> received() {
        return select(frame -> !frame.sent());
    }

    /** Those of the frames kept that the guest sent. */
    public List<byte[]> sent() {
        return select(LoggedFrame::sent);
    }

    /** Forgets all frames. */
    public synchronized void clear() {
        frames.clear();
        bytes = 0;
        total = 0;
    }

    /** The last frames as text, one a line, times relative to the first of them. */
    public String tail(int most) {
        List<LoggedFrame> all = frames();
        List<LoggedFrame> last = all.subList(Math.max(0, all.size() - most), all.size());
        StringBuilder text = new StringBuilder();
        for (LoggedFrame frame : last) {
            double seconds = (frame.nanos() - last.get(0).nanos()) / 1e9;
            text.append(String.format(Locale.ROOT, "%10.6f %s%n", seconds, frame));
        }
        return text.toString();
    }

    /** A SHA-256 over times, directions and bytes of all frames kept: two runs with the same digest were the same. */
    public String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            List<LoggedFrame> all = frames();
            for (LoggedFrame frame : all) {
                long sinceFirst = frame.nanos() - all.get(0).nanos();
                String head = sinceFirst + (frame.sent() ? ">" : "<") + frame.bytes().length + " ";
                digest.update(head.getBytes(StandardCharsets.US_ASCII));
                digest.update(frame.bytes());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes the frames kept as a pcap file with nanoseconds. */
    public void writePcap(Path file) throws IOException {
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.writeInt(0xa1b23c4d);
            out.writeShort(2);
            out.writeShort(4);
            out.writeInt(0);
            out.writeInt(0);
            out.writeInt(262_144);
            out.writeInt(1);
            for (LoggedFrame frame : frames()) {
                out.writeInt((int) Math.floorDiv(frame.nanos(), 1_000_000_000L));
                out.writeInt((int) Math.floorMod(frame.nanos(), 1_000_000_000L));
                out.writeInt(frame.bytes().length);
                out.writeInt(frame.bytes().length);
                out.write(frame.bytes());
            }
        }
    }

    private List<byte[]> select(Predicate<LoggedFrame> wanted) {
        return frames().stream().filter(wanted).map(LoggedFrame::bytes).toList();
    }
}
