package io.qnet.slirp;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Frames written by hand, right unless they are spoiled afterwards. */
final class RawFrames {
    static final long GATEWAY_MAC = 0x5255_0a00_0202L;
    static final long GUEST_MAC = 0x5254_0000_0001L;
    static final long BROADCAST = 0xffff_ffff_ffffL;

    private RawFrames() {}

    static byte[] address(String text) {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static byte[] arp(int operation, String sender, String target) {
        byte[] frame = new byte[60];
        ethernet(frame, BROADCAST, 0x0806);
        Bytes.put64(frame, 14, 0x0001_0800_0604_0000L | operation);
        Bytes.put48(frame, 22, GUEST_MAC);
        System.arraycopy(address(sender), 0, frame, 28, 4);
        System.arraycopy(address(target), 0, frame, 38, 4);
        return frame;
    }

    static byte[] udp(String from, int fromPort, String to, int toPort, byte[] data) {
        byte[] segment = new byte[8 + data.length];
        Bytes.put16(segment, 0, fromPort);
        Bytes.put16(segment, 2, toPort);
        Bytes.put16(segment, 4, segment.length);
        System.arraycopy(data, 0, segment, 8, data.length);
        long pseudo = InternetChecksum.pseudoHeader(address(from), address(to), 17, segment.length);
        Bytes.put16(segment, 6, InternetChecksum.finish(InternetChecksum.add(pseudo, segment, 0, segment.length)));
        return ipv4(from, to, 17, segment);
    }

    static byte[] echoRequest(String from, String to, int identifier, int sequence, byte[] data) {
        return icmp(from, to, 8, identifier << 16 | sequence, data);
    }

    static byte[] icmp(String from, String to, int type, int rest, byte[] data) {
        byte[] message = new byte[8 + data.length];
        Bytes.put8(message, 0, type);
        Bytes.put32(message, 4, rest);
        System.arraycopy(data, 0, message, 8, data.length);
        Bytes.put16(message, 2, InternetChecksum.finish(InternetChecksum.add(0, message, 0, message.length)));
        return ipv4(from, to, 1, message);
    }

    /** The same with the checksum of its ICMP message made right, after it was changed. */
    static byte[] withIcmpChecksum(byte[] frame) {
        byte[] changed = frame.clone();
        int length = Bytes.u16(frame, 16) - 20;
        Bytes.put16(changed, 36, 0);
        Bytes.put16(changed, 36, InternetChecksum.finish(InternetChecksum.add(0, changed, 34, length)));
        return changed;
    }

    static byte[] ipv4(String from, String to, int protocol, byte[] payload) {
        byte[] frame = new byte[Math.max(60, 34 + payload.length)];
        ethernet(frame, GATEWAY_MAC, 0x0800);
        Bytes.put16(frame, 14, 0x4500);
        Bytes.put16(frame, 16, 20 + payload.length);
        Bytes.put16(frame, 18, 0x1234);
        Bytes.put8(frame, 22, 64);
        Bytes.put8(frame, 23, protocol);
        System.arraycopy(address(from), 0, frame, 26, 4);
        System.arraycopy(address(to), 0, frame, 30, 4);
        System.arraycopy(payload, 0, frame, 34, payload.length);
        return withHeaderChecksum(frame);
    }

    /** The same with another TTL. */
    static byte[] withTtl(byte[] frame, int ttl) {
        byte[] changed = frame.clone();
        Bytes.put8(changed, 22, ttl);
        return withHeaderChecksum(changed);
    }

    /** The same with one bit changed. */
    static byte[] spoiled(byte[] frame, int at) {
        byte[] changed = frame.clone();
        changed[at] ^= 0x40;
        return changed;
    }

    /** A fragment of a frame's IP payload. */
    static byte[] fragment(byte[] whole, int offset, int length, boolean more) {
        byte[] frame = new byte[Math.max(60, 34 + length)];
        System.arraycopy(whole, 0, frame, 0, 34);
        System.arraycopy(whole, 34 + offset, frame, 34, length);
        Bytes.put16(frame, 16, 20 + length);
        Bytes.put16(frame, 20, (more ? 0x2000 : 0) | offset / 8);
        return withHeaderChecksum(frame);
    }

    static byte[] withHeaderChecksum(byte[] frame) {
        Bytes.put16(frame, 24, 0);
        Bytes.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, 20)));
        return frame;
    }

    /** Whether a frame is IPv4 from this address. */
    static boolean isFrom(byte[] frame, String source) {
        return Bytes.u16(frame, 12) == 0x0800 && Arrays.equals(Arrays.copyOfRange(frame, 26, 30), address(source));
    }

    private static void ethernet(byte[] frame, long destination, int type) {
        Bytes.put48(frame, 0, destination);
        Bytes.put48(frame, 6, GUEST_MAC);
        Bytes.put16(frame, 12, type);
    }
}
