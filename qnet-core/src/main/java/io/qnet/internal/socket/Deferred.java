package io.qnet.internal.socket;

/** Something of a socket's that is to run from the loop, not from within the call that asked for it. The object is its own queue entry. */
abstract class Deferred {
    private final Sockets sockets;
    boolean queued;

    Deferred(Sockets sockets) {
        this.sockets = sockets;
    }

    final Sockets sockets() {
        return sockets;
    }

    void defer() {
        sockets.defer(this);
    }

    abstract void runDeferred();

    /** Called when a handler has thrown: nothing more is to come from this socket. */
    abstract void endAfterBug();
}
