package io.qnet.it;

import io.qnet.Frame;
import io.qnet.FrameHandler;
import io.qnet.Nic;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A guest that costs next to nothing: of each connection it keeps two numbers. It acknowledges whatever comes in order, and answers nothing else; what it loses is sent again by the other end.
 *
 * <p>Frames arrive on the network's loop; the other methods may be called by any thread.
 */
final class ManyFlowsGuest implements FrameHandler {
    private static final byte[] GUEST = {10, 0, 2, 15};
    private static final byte[] HOST = {10, 0, 2, 2};
    private static final byte[] HOST_MAC = {0x52, 0x55, 10, 0, 2, 2};
    private static final int FIRST_PORT = 2000;
    private static final int ISS = 0x7fff_fff0;
    private static final int IP = 14;
    private static final int TRANSPORT = 34;

    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int ACK = 16;
    /** MSS 1460, window scale 7. */
    private static final byte[] SYN_OPTIONS = {2, 4, 5, (byte) 0xb4, 1, 3, 3, 7};

    private final Nic nic;
    private final int hostPort;
    private final int busy;
    /** What the far end is asked to do on connections that are not busy. */
    private final char request;
    /** Whether data is acknowledged. */
    volatile boolean acknowledges = true;

    private final int[] rcvNxt;
    private final boolean[] opened;
    private final boolean[] answered;

    final AtomicInteger established = new AtomicInteger();
    final AtomicInteger idleAnswered = new AtomicInteger();
    final AtomicInteger resets = new AtomicInteger();
    final AtomicInteger pings = new AtomicInteger();
    final AtomicLong bytes = new AtomicLong();

    /** A guest of so many connections, of which the first {@code busy} are to be sent data without end, and the others do what {@code request} says (see FarEnd). */
    ManyFlowsGuest(Nic nic, int hostPort, int flows, int busy, char request) {
        this.request = request;
        this.nic = nic;
        this.hostPort = hostPort;
        this.busy = busy;
        rcvNxt = new int[flows];
        opened = new boolean[flows];
        answered = new boolean[flows];
    }

    /** Sends the SYN of a connection, the first time or again. */
    void open(int flow) {
        tcp(flow, SYN, ISS, 0, SYN_OPTIONS, new byte[0]);
    }

    /** Resets a connection. */
    void reset(int flow) {
        tcp(flow, RST, ISS + 2, 0, new byte[0], new byte[0]);
    }

    /** Asks for an echo. */
    void ping() {
        byte[] icmp = {8, 0, 0, 0, 0, 7, 0, 1, 1, 2, 3, 4};
        put16(icmp, 2, sum(icmp, 0, icmp.length, 0));
        send(1, icmp);
    }

    @Override
    public void onFrame(Frame frame) {
        byte[] head = new byte[Math.min(frame.headLength(), 96)];
        frame.head().getBytes(frame.headIndex(), head);
        boolean ipv4 = head.length >= TRANSPORT + 8 && get16(head, 12) == 0x800;
        if (ipv4 && head[IP + 9] == 1 && head[TRANSPORT] == 0) {
            pings.incrementAndGet();
        } else if (ipv4 && head[IP + 9] == 6) {
            onSegment(head, frame.length() - IP);
        }
    }

    private void onSegment(byte[] head, int ipLength) {
        ByteBuffer in = ByteBuffer.wrap(head);
        int flow = get16(head, TRANSPORT + 2) - FIRST_PORT;
        int seq = in.getInt(TRANSPORT + 4);
        int flags = head[TRANSPORT + 13];
        int length = ipLength - 20 - (head[TRANSPORT + 12] >> 4 & 0xf) * 4;
        if (flow < 0 || flow >= rcvNxt.length) {
            return;
        }
        if ((flags & RST) != 0) {
            resets.incrementAndGet();
        } else if ((flags & SYN) != 0) {
            onSynAck(flow, seq);
        } else if (length > 0 && opened[flow]) {
            onText(flow, seq, length);
        }
    }

    private void onSynAck(int flow, int seq) {
        if (!opened[flow]) {
            opened[flow] = true;
            rcvNxt[flow] = seq + 1;
            established.incrementAndGet();
        }
        byte[] text = {(byte) (flow < busy ? 'b' : request)};
        tcp(flow, ACK, ISS + 1, rcvNxt[flow], new byte[0], text);
    }

    private void onText(int flow, int seq, int length) {
        // padding of short frames is no text
        int text = flow < busy ? length : 1;
        if (seq == rcvNxt[flow]) {
            rcvNxt[flow] += text;
            bytes.addAndGet(text);
            if (!answered[flow]) {
                answered[flow] = true;
                idleAnswered.addAndGet(flow < busy ? 0 : 1);
            }
        }
        if (acknowledges) {
            tcp(flow, ACK, ISS + 2, rcvNxt[flow], new byte[0], new byte[0]);
        }
    }

    /** Sends one byte at a place behind the request; false if the network takes nothing now. */
    boolean sendByte(int flow, int place) {
        return tcp(flow, ACK, ISS + 2 + place, rcvNxt[flow], new byte[0], new byte[] {'x'});
    }

    private boolean tcp(int flow, int flags, int seq, int ack, byte[] options, byte[] text) {
        int header = 20 + options.length;
        byte[] tcp = new byte[header + text.length];
        ByteBuffer out = ByteBuffer.wrap(tcp);
        out.putShort((short) (FIRST_PORT + flow))
                .putShort((short) hostPort)
                .putInt(seq)
                .putInt(ack);
        out.put((byte) (header * 4)).put((byte) flags).putShort((short) 0xffff).putInt(0);
        out.put(options).put(text);
        int pseudo = get16(GUEST, 0) + get16(GUEST, 2) + get16(HOST, 0) + get16(HOST, 2) + 6 + tcp.length;
        put16(tcp, 16, sum(tcp, 0, tcp.length, pseudo));
        return send(6, tcp);
    }

    private boolean send(int protocol, byte[] payload) {
        byte[] frame = new byte[TRANSPORT + payload.length];
        ByteBuffer out = ByteBuffer.wrap(frame);
        out.put(HOST_MAC).put(nic.mac().toBytes()).putShort((short) 0x800);
        out.put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) (20 + payload.length))
                .putInt(0);
        out.put((byte) 64)
                .put((byte) protocol)
                .putShort((short) 0)
                .put(GUEST)
                .put(HOST)
                .put(payload);
        put16(frame, IP + 10, sum(frame, IP, 20, 0));
        return nic.send(frame);
    }

    private static int sum(byte[] bytes, int from, int length, int initial) {
        long sum = initial;
        for (int i = 0; i < length; i += 2) {
            sum += (bytes[from + i] & 0xff) << 8 | (i + 1 < length ? bytes[from + i + 1] & 0xff : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) ~sum & 0xffff;
    }

    private static int get16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static void put16(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >> 8);
        bytes[at + 1] = (byte) value;
    }
}
