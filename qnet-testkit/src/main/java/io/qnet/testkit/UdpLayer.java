package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** UDP (RFC 768): sockets by port. */
final class UdpLayer {
    static final int PROTOCOL = 17;

    private static final int HEADER = 8;
    private static final int FIRST_PORT = 49_152;

    private final GuestStack stack;
    private final Map<Integer, GuestUdp> sockets = new HashMap<>();
    private int nextPort;

    UdpLayer(GuestStack stack) {
        this.stack = stack;
        this.nextPort = FIRST_PORT + stack.random.nextInt(8192);
    }

    /** Gives a socket a port; 0 for any that is free. */
    int bind(GuestUdp socket, int wanted) {
        int port = wanted;
        while (port == 0 || (wanted == 0 && sockets.containsKey(port))) {
            port = nextPort++;
            nextPort = nextPort > 65_535 ? FIRST_PORT : nextPort;
        }
        if (sockets.putIfAbsent(port, socket) != null) {
            throw new IllegalStateException("UDP port " + port + " is in use in " + stack);
        }
        return port;
    }

    void unbind(int port) {
        sockets.remove(port);
    }

    boolean send(Path path, int fromPort, int toPort, byte[] data, int ttl) {
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        int length = HEADER + data.length;
        if (length > 65_535 - (path.isIpv6() ? 0 : 20)) {
            throw new IllegalArgumentException("a datagram of " + data.length + " bytes is too long");
        }
        Bytes.put16(frame, at, fromPort);
        Bytes.put16(frame, at + 2, toPort);
        Bytes.put16(frame, at + 4, length);
        Bytes.put16(frame, at + 6, 0);
        System.arraycopy(data, 0, frame, at + HEADER, data.length);
        int checksum =
                InternetChecksum.finish(InternetChecksum.add(path.pseudoHeader(PROTOCOL, length), frame, at, length));
        Bytes.put16(frame, at + 6, checksum == 0 ? 0xffff : checksum);
        return stack.send(frame, path, PROTOCOL, ttl, length);
    }

    void onPacket(IpIn packet) {
        byte[] bytes = packet.bytes;
        int at = packet.at;
        int length = packet.length < HEADER ? 0 : Bytes.u16(bytes, at + 4);
        if (length != packet.length) {
            stack.violations.add(
                    "UDP length " + length + " in " + packet.length + " bytes, from " + packet.source.getHostAddress());
            return;
        }
        boolean unchecked = Bytes.u16(bytes, at + 6) == 0 && packet.isIpv4();
        if (!unchecked && !packet.transportChecksumIsRight()) {
            stack.violations.add(
                    "wrong UDP checksum, from " + packet.source.getHostAddress() + " port " + Bytes.u16(bytes, at));
            return;
        }
        GuestUdp socket = sockets.get(Bytes.u16(bytes, at + 2));
        if (socket == null) {
            (packet.isIpv4() ? stack.icmp : stack.icmp6).sendPortUnreachable(packet);
            return;
        }
        byte[] data = Arrays.copyOfRange(bytes, at + HEADER, at + length);
        socket.onDatagram(new Datagram(packet.source, Bytes.u16(bytes, at), packet.destination, packet.ttl, data));
    }

    void onError(IcmpError error) {
        GuestUdp socket = sockets.get(error.guestPort());
        if (socket != null) {
            socket.onError(error);
        }
    }

    void close() {
        List.copyOf(sockets.values()).forEach(GuestUdp::closeOnLoop);
    }
}
