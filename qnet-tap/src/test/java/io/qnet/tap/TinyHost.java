package io.qnet.tap;

import static io.qnet.tap.Bytes.ETHERNET;
import static io.qnet.tap.Bytes.IP;
import static io.qnet.tap.Bytes.i32;
import static io.qnet.tap.Bytes.put16;
import static io.qnet.tap.Bytes.put32;
import static io.qnet.tap.Bytes.sum;
import static io.qnet.tap.Bytes.u16;
import static io.qnet.tap.Bytes.u8;

import io.qnet.Frame;
import io.qnet.FrameHandler;
import io.qnet.Nic;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The least that the kernel talks to, for NICs that take frames unfinished: 10.0.2.2 answers ARP, and takes all that comes by TCP without looking. */
class TinyHost implements FrameHandler {
    private static final byte[] MAC = {0x52, 0x55, 10, 0, 2, 2};
    private static final int ADDRESS = 0x0a000202;
    private static final int KERNEL = 0x0a00020f;
    private static final int HEADERS = ETHERNET + IP + 20;
    private static final long HANG_MILLIS = 60_000;

    /** A frame and what was left undone in it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Seen(
            byte[] bytes,
            int headLength,
            int flags,
            int gsoType,
            int gsoSize,
            int headerLength,
            int csumStart,
            int csumOffset) {
        boolean isProtocol(int protocol) {
            return u16(bytes, 12) == 0x800 && u8(bytes, ETHERNET + 9) == protocol;
        }
    }

    private final Nic nic;
    final List<Seen> seen = new CopyOnWriteArrayList<>();

    TinyHost(Nic nic) {
        this.nic = nic;
        nic.onFrame(this);
    }

    /** Waits for a frame. */
    Seen await(Predicate<Seen> wanted) throws InterruptedException {
        long end = System.currentTimeMillis() + HANG_MILLIS;
        while (System.currentTimeMillis() < end) {
            for (Seen each : seen) {
                if (wanted.test(each)) {
                    return each;
                }
            }
            synchronized (this) {
                wait(20);
            }
        }
        throw new AssertionError("no such frame among " + seen.size());
    }

    @Override
    public void onFrame(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.getBytes(bytes, 0);
        seen.add(new Seen(
                bytes,
                frame.headLength(),
                frame.flags(),
                frame.gsoType(),
                frame.gsoSize(),
                frame.headerLength(),
                frame.csumStart(),
                frame.csumOffset()));
        answer(bytes);
        synchronized (this) {
            notifyAll();
        }
    }

    void answer(byte[] bytes) {
        if (u16(bytes, 12) == 0x806 && u16(bytes, 20) == 1 && i32(bytes, 38) == ADDRESS) {
            nic.send(arpReply(bytes));
        } else if (u16(bytes, 12) == 0x800 && u8(bytes, ETHERNET + 9) == 6) {
            answerTcp(bytes);
        }
    }

    private static byte[] arpReply(byte[] request) {
        byte[] reply = request.clone();
        System.arraycopy(request, 6, reply, 0, 6);
        System.arraycopy(MAC, 0, reply, 6, 6);
        put16(reply, 20, 2);
        System.arraycopy(MAC, 0, reply, 22, 6);
        put32(reply, 28, ADDRESS);
        System.arraycopy(request, 22, reply, 32, 10);
        return reply;
    }

    private void answerTcp(byte[] in) {
        int tcp = ETHERNET + IP;
        int flags = u8(in, tcp + 13);
        int data = u16(in, ETHERNET + 2) - IP - (u8(in, tcp + 12) >>> 4) * 4;
        boolean syn = (flags & 2) != 0;
        if (syn || data > 0) {
            byte[] out = new byte[HEADERS];
            System.arraycopy(in, 6, out, 0, 6);
            begin(out, 6);
            System.arraycopy(in, tcp + 2, out, tcp, 2);
            System.arraycopy(in, tcp, out, tcp + 2, 2);
            put32(out, tcp + 4, syn ? 1000 : 1001);
            put32(out, tcp + 8, i32(in, tcp + 4) + data + (syn ? 1 : 0));
            out[tcp + 12] = 0x50;
            out[tcp + 13] = (byte) (syn ? 0x12 : 0x10);
            put16(out, tcp + 14, 65_535);
            put16(out, tcp + 16, ~sum(out, tcp, HEADERS, Bytes.pseudoSum(out)));
            nic.send(out);
        }
    }

    /** Writes what is the same in all frames from here to the kernel, whose MAC is there already. */
    static void begin(byte[] out, int protocol) {
        System.arraycopy(MAC, 0, out, 6, 6);
        put16(out, 12, 0x800);
        out[ETHERNET] = 0x45;
        put16(out, ETHERNET + 2, out.length - ETHERNET);
        out[ETHERNET + 8] = 64;
        out[ETHERNET + 9] = (byte) protocol;
        put32(out, ETHERNET + 12, ADDRESS);
        put32(out, ETHERNET + 16, KERNEL);
        put16(out, ETHERNET + 10, ~sum(out, ETHERNET, ETHERNET + IP, 0));
    }
}
