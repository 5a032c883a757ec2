package io.qnet.slirp.tcp;

import java.util.random.RandomGenerator;

/**
 * Initial sequence numbers that nobody can guess (RFC 6528): a clock of 4 µs plus a keyed hash of the flow. The hash is SipHash-2-4. The same hash gives each flow its timestamp offset (RFC 7323 §5.4).
 */
final class InitialSequence implements TcpStack.IssSource {
    private final long key0;
    private final long key1;
    private long v0;
    private long v1;
    private long v2;
    private long v3;

    InitialSequence(long key0, long key1) {
        this.key0 = key0;
        this.key1 = key1;
    }

    /** With a key from a source of randomness. */
    static InitialSequence random(RandomGenerator random) {
        return new InitialSequence(random.nextLong(), random.nextLong());
    }

    /** ISS = M + F(flow, secret). */
    @Override
    public int iss(TcpFlow flow, long nowNanos) {
        return (int) (nowNanos / 4_000) + (int) hash(flow);
    }

    /** What is added to the clock in this flow's timestamps. */
    @Override
    public int timestampOffset(TcpFlow flow) {
        return (int) (hash(flow) >>> 32);
    }

    private long hash(TcpFlow flow) {
        v0 = key0 ^ 0x736f6d6570736575L;
        v1 = key1 ^ 0x646f72616e646f6dL;
        v2 = key0 ^ 0x6c7967656e657261L;
        v3 = key1 ^ 0x7465646279746573L;
        block(flow.guest().high());
        block(flow.guest().low());
        block(flow.host().high());
        block(flow.host().low());
        block(36L << 56 | (long) flow.guestPort() << 16 | flow.hostPort());
        v2 ^= 0xff;
        round();
        round();
        round();
        round();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void block(long word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }

    private void round() {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
    }
}
