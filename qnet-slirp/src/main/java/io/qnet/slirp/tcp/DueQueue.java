package io.qnet.slirp.tcp;

import org.jspecify.annotations.Nullable;

/** Connections that have something to send, first come, first served, each at most once: a queue through the connections themselves. */
final class DueQueue {
    private @Nullable TcpConnection first;
    private @Nullable TcpConnection last;

    boolean isEmpty() {
        return first == null;
    }

    /** Adds a connection at the end; false if it is in the queue already. */
    boolean add(TcpConnection connection) {
        if (connection.isDue) {
            return false;
        }
        connection.isDue = true;
        connection.nextDue = null;
        if (last == null) {
            first = connection;
        } else {
            last.nextDue = connection;
        }
        last = connection;
        return true;
    }

    /** Takes the first one out; null if there is none. */
    @Nullable TcpConnection poll() {
        TcpConnection connection = first;
        if (connection != null) {
            first = connection.nextDue;
            if (first == null) {
                last = null;
            }
            connection.nextDue = null;
            connection.isDue = false;
        }
        return connection;
    }
}
