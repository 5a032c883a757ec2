package io.qnet.slirp.tcp;

import org.jspecify.annotations.Nullable;

/** Connections in the order of their last sign of life, the oldest first: a list through the connections themselves. */
final class IdleList {
    private @Nullable TcpConnection oldest;
    private @Nullable TcpConnection newest;
    private int size;

    int size() {
        return size;
    }

    @Nullable TcpConnection oldest() {
        return oldest;
    }

    void add(TcpConnection connection) {
        connection.older = newest;
        connection.newer = null;
        if (newest == null) {
            oldest = connection;
        } else {
            newest.newer = connection;
        }
        newest = connection;
        connection.idleList = this;
        size++;
    }

    void remove(TcpConnection connection) {
        TcpConnection older = connection.older;
        TcpConnection newer = connection.newer;
        if (older == null) {
            oldest = newer;
        } else {
            older.newer = newer;
        }
        if (newer == null) {
            newest = older;
        } else {
            newer.older = older;
        }
        connection.older = null;
        connection.newer = null;
        connection.idleList = null;
        size--;
    }

    /** The connection has shown a sign of life. */
    void touch(TcpConnection connection) {
        if (newest != connection) {
            remove(connection);
            add(connection);
        }
    }
}
