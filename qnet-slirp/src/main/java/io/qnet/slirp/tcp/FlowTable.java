package io.qnet.slirp.tcp;

import io.qnet.wire.IpAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Connections by their two ends: open addressing, linear probing, deletion by moving back. Finding one allocates nothing.
 */
final class FlowTable {
    private final long secret;
    private @Nullable TcpConnection[] slots = new @Nullable TcpConnection[64];
    private int size;

    FlowTable(long secret) {
        this.secret = secret;
    }

    int size() {
        return size;
    }

    @Nullable TcpConnection find(IpAddress guest, int guestPort, IpAddress host, int hostPort) {
        int mask = slots.length - 1;
        int at = hash(guest, guestPort, host, hostPort) & mask;
        while (true) {
            TcpConnection connection = slots[at];
            if (connection == null) {
                return null;
            }
            TcpFlow flow = connection.flow();
            if (flow.guestPort() == guestPort
                    && flow.hostPort() == hostPort
                    && same(flow.guest(), guest)
                    && same(flow.host(), host)) {
                return connection;
            }
            at = (at + 1) & mask;
        }
    }

    private static boolean same(IpAddress a, IpAddress b) {
        return a.low() == b.low() && a.high() == b.high();
    }

    /** Adds a connection whose flow is not in the table. */
    void add(TcpConnection connection) {
        if (2 * (size + 1) > slots.length) {
            grow();
        }
        place(connection);
        size++;
    }

    private void grow() {
        @Nullable TcpConnection[] old = slots;
        slots = new @Nullable TcpConnection[2 * old.length];
        for (TcpConnection connection : old) {
            if (connection != null) {
                place(connection);
            }
        }
    }

    private void place(TcpConnection connection) {
        int mask = slots.length - 1;
        int at = home(connection);
        while (slots[at] != null) {
            at = (at + 1) & mask;
        }
        slots[at] = connection;
    }

    /** Removes a connection. Does nothing if it is not there. */
    void remove(TcpConnection connection) {
        int mask = slots.length - 1;
        int at = home(connection);
        while (slots[at] != connection) {
            if (slots[at] == null) {
                return;
            }
            at = (at + 1) & mask;
        }
        size--;
        // what follows moves back over the gap, as far as its own place allows
        int next = (at + 1) & mask;
        while (true) {
            TcpConnection moved = slots[next];
            if (moved == null) {
                break;
            }
            if (((next - home(moved)) & mask) >= ((next - at) & mask)) {
                slots[at] = moved;
                at = next;
            }
            next = (next + 1) & mask;
        }
        slots[at] = null;
    }

    /** Calls for every connection; the table must not be changed meanwhile. */
    void forEach(Consumer<TcpConnection> action) {
        for (TcpConnection connection : slots) {
            if (connection != null) {
                action.accept(connection);
            }
        }
    }

    private int home(TcpConnection connection) {
        TcpFlow flow = connection.flow();
        return hash(flow.guest(), flow.guestPort(), flow.host(), flow.hostPort()) & (slots.length - 1);
    }

    private int hash(IpAddress guest, int guestPort, IpAddress host, int hostPort) {
        long h = secret ^ ((long) guestPort << 16 | hostPort);
        h = mix(h ^ guest.low());
        h = mix(h ^ host.low());
        h = mix(h ^ guest.high());
        h = mix(h ^ host.high());
        return (int) (h >>> 32);
    }

    private static long mix(long value) {
        long v = value * 0x9e3779b97f4a7c15L;
        return v ^ (v >>> 29);
    }
}
