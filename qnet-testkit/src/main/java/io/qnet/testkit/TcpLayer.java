package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import io.qnet.testkit.tcp.Segment;
import io.qnet.testkit.tcp.TcpSettings;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** TCP: connections by addresses and ports, listeners by port, RST for the rest. */
final class TcpLayer {
    static final int PROTOCOL = 6;

    private static final int FIRST_PORT = 32_768;
    private static final int LAST_PORT = 49_151;
    private static final int TCP_HEADER = 20;

    private record Key(InetAddress peer, int peerPort, int guestPort) {}

    private final GuestStack stack;
    private final Segment in = new Segment();
    private final Map<Key, GuestTcp> connections = new HashMap<>();
    private final Map<Integer, GuestListener> listeners = new HashMap<>();
    private List<GuestTcp> due = new ArrayList<>();
    private List<GuestTcp> transmitting = new ArrayList<>();
    private int nextPort;

    TcpLayer(GuestStack stack) {
        this.stack = stack;
        this.nextPort = FIRST_PORT + stack.random.nextInt(8192);
    }

    /** A connection that begins with the guest's SYN. */
    GuestTcp connect(Waiting waiting, InetAddress to, int port, int guestPort, TcpSettings settings) {
        Path path = stack.path(to);
        GuestTcp connection = new GuestTcp(stack, waiting, path, port, freePort(to, port, guestPort), settings, null);
        add(connection);
        connection.connection().open();
        markDue(connection);
        return connection;
    }

    void listen(GuestListener listener) {
        if (listeners.putIfAbsent(listener.port(), listener) != null) {
            throw new IllegalStateException("TCP port " + listener.port() + " is in use in " + stack);
        }
    }

    void unlisten(int port) {
        listeners.remove(port);
    }

    /** Something may have to be sent on a connection at the end of this turn. */
    void markDue(GuestTcp connection) {
        if (!connection.due) {
            connection.due = true;
            due.add(connection);
            stack.wakeUp();
        }
    }

    void transmit(long nowNanos) {
        List<GuestTcp> batch = due;
        due = transmitting;
        transmitting = batch;
        for (GuestTcp connection : batch) {
            connection.due = false;
            connection.transmit(nowNanos);
        }
        batch.clear();
    }

    boolean emit(Path path, Segment segment, GuestTcp connection, int payloadPosition) {
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        int headerLength = segment.write(frame, at);
        if (segment.dataLength > 0) {
            connection.connection().copyPayload(payloadPosition, frame, at + headerLength, segment.dataLength);
        }
        return send(path, headerLength + segment.dataLength);
    }

    /** Sends a segment with these payload bytes. */
    boolean emit(Path path, Segment segment, byte[] payload) {
        int at = path.headerRoom;
        int headerLength = segment.write(stack.tx, at);
        System.arraycopy(payload, 0, stack.tx, at + headerLength, payload.length);
        return send(path, headerLength + payload.length);
    }

    int maxSegmentSize(TcpSettings settings, Path path) {
        int most = stack.settings.mtu() - (path.headerRoom - GuestStack.ETHERNET) - TCP_HEADER;
        return settings.mss() == 0 ? most : Math.min(settings.mss(), most);
    }

    int initialSequenceNumber() {
        Integer fixed = stack.settings.iss();
        return fixed != null ? fixed : stack.random.nextInt();
    }

    void onPacket(IpIn packet) {
        if (!packet.transportChecksumIsRight()) {
            stack.violations.add("wrong TCP checksum, from " + packet.source.getHostAddress());
            return;
        }
        if (!in.parse(packet.bytes, packet.at, packet.length)) {
            stack.violations.add("malformed TCP header, from " + packet.source.getHostAddress());
            return;
        }
        GuestTcp connection = connections.get(new Key(packet.source, in.sourcePort, in.destinationPort));
        if (connection != null) {
            connection.onSegment(in);
            return;
        }
        GuestListener listener = listeners.get(in.destinationPort);
        boolean pureSyn = in.has(Segment.SYN) && !in.has(Segment.ACK) && !in.has(Segment.RST);
        if (listener != null && pureSyn && packet.unicast) {
            accept(listener, packet);
        } else if (!in.has(Segment.RST) && packet.unicast) {
            reset(packet);
        }
    }

    void onError(IcmpError error) {
        GuestTcp connection = connectionOf(error);
        if (connection != null) {
            connection.onIcmp(error);
            markDue(connection);
        }
    }

    void onNextHopDead(InetAddress nextHop) {
        for (GuestTcp connection : List.copyOf(connections.values())) {
            if (connection.path().nextHop.equals(nextHop)) {
                connection.connection().onUnreachable();
            }
        }
    }

    void remove(GuestTcp connection) {
        connections.remove(key(connection));
    }

    int openConnections() {
        return connections.size();
    }

    void close() {
        listeners.clear();
        List.copyOf(connections.values())
                .forEach(connection -> connection.connection().abort());
    }

    private @Nullable GuestTcp connectionOf(IcmpError error) {
        InetAddress destination = error.destination();
        return destination == null ? null : connections.get(new Key(destination, error.peerPort(), error.guestPort()));
    }

    private void add(GuestTcp connection) {
        connections.put(key(connection), connection);
    }

    private static Key key(GuestTcp connection) {
        return new Key(
                connection.path().destination, connection.connection().peerPort, connection.connection().guestPort);
    }

    private void accept(GuestListener listener, IpIn packet) {
        Path path = stack.pathBack(packet);
        GuestTcp connection = new GuestTcp(
                stack, listener.waiting(), path, in.sourcePort, in.destinationPort, listener.settings(), listener);
        add(connection);
        connection.connection().accept(in);
        markDue(connection);
    }

    /** RFC 9293 §3.10.7.1: an answer for a connection that does not exist. */
    private void reset(IpIn packet) {
        Segment out = new Segment();
        out.sourcePort = in.destinationPort;
        out.destinationPort = in.sourcePort;
        if (in.has(Segment.ACK)) {
            out.seq = in.ack;
            out.flags = Segment.RST;
        } else {
            out.ack = in.seq + in.length();
            out.flags = Segment.RST | Segment.ACK;
        }
        emit(stack.pathBack(packet), out, new byte[0]);
    }

    /** A port that no connection to this address uses; {@code wanted} unless it is 0. */
    int freePort(InetAddress to, int port, int wanted) {
        if (wanted != 0) {
            if (connections.containsKey(new Key(to, port, wanted))) {
                throw new IllegalStateException("TCP port " + wanted + " is in use in " + stack);
            }
            return wanted;
        }
        for (int i = FIRST_PORT; i <= LAST_PORT; i++) {
            int candidate = nextPort++;
            nextPort = nextPort > LAST_PORT ? FIRST_PORT : nextPort;
            if (!connections.containsKey(new Key(to, port, candidate)) && !listeners.containsKey(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException("no TCP port is free in " + stack);
    }

    private boolean send(Path path, int length) {
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        int checksum =
                InternetChecksum.finish(InternetChecksum.add(path.pseudoHeader(PROTOCOL, length), frame, at, length));
        Bytes.put16(frame, at + 16, checksum);
        return stack.send(frame, path, PROTOCOL, 0, length);
    }
}
