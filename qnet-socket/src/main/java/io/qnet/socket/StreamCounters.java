package io.qnet.socket;

import io.qnet.stat.Counter;
import io.qnet.stat.Counters;

/** What a stream netdev counts beside its port. */
final class StreamCounters {
    final Counter dropDisconnected;
    final Counter dropBadOffload;
    final Counter inZeroLength;
    final Counter inOversized;

    StreamCounters(Counters counters) {
        dropDisconnected = counters.counter("drop.disconnected");
        dropBadOffload = counters.counter("drop.bad-offload");
        inZeroLength = counters.counter("in.zero-length");
        inOversized = counters.counter("in.oversized");
    }
}
