package io.qnet.slirp;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** Frames with IPv6 written by hand, right unless they are spoiled afterwards. */
final class RawFrames6 {
    /** Of a guest whose MAC is {@link RawFrames#GUEST_MAC}, by RFC 4291's appendix A. */
    static final String LINK_LOCAL = "fe80::5054:ff:fe00:1";

    static final String GUEST = "fec0::5054:ff:fe00:1";
    static final String ROUTER = "fe80::2";
    static final String HOST = "fec0::2";
    static final String DNS = "fec0::3";
    static final String ALL_NODES = "ff02::1";
    static final long ROUTER_MAC = 0x5256_0000_0002L;

    static final int ICMP = 58;
    static final int UDP = 17;
    static final int FRAGMENT = 44;
    static final int HOP_BY_HOP = 0;
    static final int DESTINATION_OPTIONS = 60;
    static final int ROUTING = 43;

    private static final int IP = 14;
    private static final int PAYLOAD = 54;

    private RawFrames6() {}

    static byte[] ipv6(String from, String to, int nextHeader, int hopLimit, byte[] payload) {
        byte[] frame = new byte[Math.max(60, PAYLOAD + payload.length)];
        byte[] destination = RawFrames.address(to);
        long group = 0x3333_0000_0000L | Bytes.u32(destination, 12);
        Bytes.put48(frame, 0, destination[0] == -1 ? group : ROUTER_MAC);
        Bytes.put48(frame, 6, RawFrames.GUEST_MAC);
        Bytes.put16(frame, 12, 0x86dd);
        Bytes.put32(frame, IP, 0x6000_0000);
        Bytes.put16(frame, IP + 4, payload.length);
        Bytes.put8(frame, IP + 6, nextHeader);
        Bytes.put8(frame, IP + 7, hopLimit);
        System.arraycopy(RawFrames.address(from), 0, frame, IP + 8, 16);
        System.arraycopy(destination, 0, frame, IP + 24, 16);
        System.arraycopy(payload, 0, frame, PAYLOAD, payload.length);
        return frame;
    }

    /** An ICMPv6 message with hop limit 255. */
    static byte[] icmp(String from, String to, int type, int rest, byte[] data) {
        return ipv6(from, to, ICMP, 255, message(from, to, type, rest, data));
    }

    static byte[] message(String from, String to, int type, int rest, byte[] data) {
        byte[] message = new byte[8 + data.length];
        Bytes.put8(message, 0, type);
        Bytes.put32(message, 4, rest);
        System.arraycopy(data, 0, message, 8, data.length);
        Bytes.put16(message, 2, checksum(from, to, ICMP, message));
        return message;
    }

    static byte[] echoRequest(String from, String to, int identifier, int sequence, byte[] data) {
        return icmp(from, to, 128, identifier << 16 | sequence, data);
    }

    static byte[] solicitation(String from, String to, String target, byte... options) {
        return icmp(from, to, 135, 0, join(RawFrames.address(target), options));
    }

    static byte[] advertisement(String from, String to, int flags, String target, byte... options) {
        return icmp(from, to, 136, flags << 24, join(RawFrames.address(target), options));
    }

    static byte[] routerSolicitation(String from, byte... options) {
        return icmp(from, "ff02::2", 133, 0, options);
    }

    /** The option with the source's (1) or the target's (2) MAC address. */
    static byte[] linkAddress(int type, long mac) {
        byte[] option = new byte[8];
        Bytes.put16(option, 0, type << 8 | 1);
        Bytes.put48(option, 2, mac);
        return option;
    }

    static byte[] udp(String from, int fromPort, String to, int toPort, byte[] data) {
        return ipv6(from, to, UDP, 64, datagram(from, fromPort, to, toPort, data));
    }

    static byte[] datagram(String from, int fromPort, String to, int toPort, byte[] data) {
        byte[] segment = new byte[8 + data.length];
        Bytes.put16(segment, 0, fromPort);
        Bytes.put16(segment, 2, toPort);
        Bytes.put16(segment, 4, segment.length);
        System.arraycopy(data, 0, segment, 8, data.length);
        int sum = checksum(from, to, UDP, segment);
        Bytes.put16(segment, 6, sum == 0 ? 0xffff : sum);
        return segment;
    }

    /** A SYN whose checksum is to be set. */
    static byte[] syn(int fromPort, int toPort) {
        byte[] segment = new byte[20];
        Bytes.put16(segment, 0, fromPort);
        Bytes.put16(segment, 2, toPort);
        Bytes.put16(segment, 12, 0x5002);
        Bytes.put16(segment, 14, 0xffff);
        return segment;
    }

    /** The same with the right checksum of what follows the fixed header. */
    static byte[] withRightChecksum(byte[] frame, int at) {
        byte[] changed = frame.clone();
        int length = Bytes.u16(changed, IP + 4);
        Bytes.put16(changed, at, 0);
        byte[] source = Arrays.copyOfRange(changed, IP + 8, IP + 24);
        byte[] destination = Arrays.copyOfRange(changed, IP + 24, PAYLOAD);
        long sum = InternetChecksum.pseudoHeader(source, destination, changed[IP + 6], length);
        Bytes.put16(changed, at, InternetChecksum.finish(InternetChecksum.add(sum, changed, PAYLOAD, length)));
        return changed;
    }

    /** A fragment of what follows the fixed header of a whole packet. */
    static byte[] fragment(byte[] whole, int id, int offset, int length, boolean more) {
        byte[] payload = new byte[8 + length];
        Bytes.put8(payload, 0, whole[IP + 6]);
        Bytes.put16(payload, 2, offset | (more ? 1 : 0));
        Bytes.put32(payload, 4, id);
        System.arraycopy(whole, PAYLOAD + offset, payload, 8, length);
        byte[] frame = Arrays.copyOf(whole, Math.max(60, PAYLOAD + payload.length));
        Arrays.fill(frame, PAYLOAD, frame.length, (byte) 0);
        System.arraycopy(payload, 0, frame, PAYLOAD, payload.length);
        Bytes.put16(frame, IP + 4, payload.length);
        Bytes.put8(frame, IP + 6, FRAGMENT);
        return frame;
    }

    /** The same with an extension header before what follows the fixed header. */
    static byte[] withHeader(byte[] frame, int kind, byte... body) {
        int length = Bytes.u16(frame, IP + 4);
        byte[] payload = Arrays.copyOfRange(frame, PAYLOAD, PAYLOAD + length);
        byte[] header = new byte[2 + body.length];
        header[0] = frame[IP + 6];
        header[1] = (byte) (header.length / 8 - 1);
        System.arraycopy(body, 0, header, 2, body.length);
        byte[] changed = join(Arrays.copyOf(frame, PAYLOAD), join(header, payload));
        Bytes.put16(changed, IP + 4, header.length + length);
        Bytes.put8(changed, IP + 6, kind);
        return changed;
    }

    static byte[] withHopLimit(byte[] frame, int limit) {
        byte[] changed = frame.clone();
        Bytes.put8(changed, IP + 7, limit);
        return changed;
    }

    /** Type and code of the ICMPv6 message in a frame, such as {@code 136/0}; "none" if there is none. */
    static String kind(byte[] frame) {
        boolean icmp = Bytes.u16(frame, 12) == 0x86dd && Bytes.u8(frame, IP + 6) == ICMP;
        return icmp ? Bytes.u8(frame, PAYLOAD) + "/" + Bytes.u8(frame, PAYLOAD + 1) : "none";
    }

    /** Whether ICMPv6, UDP or TCP right behind the fixed header has its checksum right; true of a fragment. */
    static boolean isChecksumRight(byte[] frame) {
        byte[] source = Arrays.copyOfRange(frame, IP + 8, IP + 24);
        byte[] destination = Arrays.copyOfRange(frame, IP + 24, PAYLOAD);
        int length = Bytes.u16(frame, IP + 4);
        long pseudo = InternetChecksum.pseudoHeader(source, destination, Bytes.u8(frame, IP + 6), length);
        return Bytes.u8(frame, IP + 6) == FRAGMENT || InternetChecksum.isRight(pseudo, frame, PAYLOAD, length);
    }

    static int checksum(String from, String to, int protocol, byte[] segment) {
        byte[] source = RawFrames.address(from);
        long pseudo = InternetChecksum.pseudoHeader(source, RawFrames.address(to), protocol, segment.length);
        return InternetChecksum.finish(InternetChecksum.add(pseudo, segment, 0, segment.length));
    }

    static byte[] join(byte[] first, byte[] second) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(second);
        return all.toByteArray();
    }
}
