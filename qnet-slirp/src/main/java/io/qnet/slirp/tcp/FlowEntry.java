package io.qnet.slirp.tcp;

import org.jspecify.annotations.Nullable;

/** What the {@link TcpStack} keeps of a connection: its key, and its places in the lists that run through the connections themselves. */
abstract class FlowEntry {
    private final TcpFlow flow;

    /** The next of those that are due to send, and whether this is one of them. */
    @Nullable TcpConnection nextDue;

    boolean isDue;

    /** The list of idle connections that this one is in, null if it is over, and its neighbours there. */
    @Nullable IdleList idleList;

    @Nullable TcpConnection older;

    @Nullable TcpConnection newer;

    FlowEntry(TcpFlow flow) {
        this.flow = flow;
    }

    final TcpFlow flow() {
        return flow;
    }

    /** Whether the stack still knows it. */
    final boolean isListed() {
        return idleList != null;
    }
}
