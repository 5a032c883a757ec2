package io.qnet;

import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import org.jspecify.annotations.Nullable;

/**
 * A hub that learns: a frame to an address that was seen at a port goes to that port alone; to a group, or to an address that is not known, it goes to all ports but its own, as on a {@link Hub}. What
 * QEMU's hub has not, the switch has: a table of addresses, bounded and ageing; ports that are isolated from each other; a limit to what a port may flood.
 *
 * <p>A port that takes nothing now has its frames queued in front of it, bounded, so that a sender is not held up for the others it sends to; only with nobody else on the switch does the sender wait, as
 * on a hub. VLAN tags are passed on and not looked at, addresses are learned for all VLANs together; there is no spanning tree, and two ports that are joined outside make a loop, as with a hub.
 *
 * <p>Counters: {@code learn.refused} (the table or the port's share of it is full), {@code learn.moved}, {@code forward.known}, {@code forward.flooded}, {@code drop.same-port}, {@code drop.storm}; per
 * port, {@code drop.storm} too.
 */
public final class Switch extends Hub {
    private static final int HEADER_BYTES = 14;
    private static final int SOURCE = 6;
    private static final int FEW_PORTS = 8;
    private static final long REFRESH_NANOS = 100_000_000;
    private static final long SECOND_NANOS = 1_000_000_000;

    private final MacTable table;
    private final Counters counters = new Counters();
    private final Counter learnRefused = counters.counter("learn.refused");
    private final Counter learnMoved = counters.counter("learn.moved");
    private final Counter known = counters.counter("forward.known");
    private final Counter flooded = counters.counter("forward.flooded");
    private final Counter dropSamePort = counters.counter("drop.same-port");
    private final Counter dropStorm = counters.counter("drop.storm");

    private int allTake;
    private int allMaxGso;
    private long refreshedNanos;
    private boolean refreshed;

    /**
     * How a switch is to be.
     *
     * @param maxAddresses the most addresses in its table
     * @param maxAddressesPerPort the most of them at one port
     * @param ageSeconds how long an address is believed that is not seen again
     */
    public record Config(int maxAddresses, int maxAddressesPerPort, int ageSeconds) {
        /** 8192 addresses, 2048 a port, for five minutes. */
        public static final Config DEFAULT = new Config(8192, 2048, 300);

        /** Refuses what means nothing. */
        public Config {
            if (maxAddresses < 1 || maxAddresses > 1 << 20 || maxAddressesPerPort < 1 || ageSeconds < 1) {
                throw new IllegalArgumentException("no table for a switch");
            }
        }
    }

    Switch(Network network, int id, Config config) {
        super(network, id);
        table = new MacTable(config.maxAddresses(), config.maxAddressesPerPort(), config.ageSeconds() * SECOND_NANOS);
    }

    /** What the switch as a whole has counted. Any thread. */
    public Counters counters() {
        return counters;
    }

    /** The addresses in the table. Loop thread. */
    public int addressCount() {
        return table.size();
    }

    @Override
    boolean repeat(Frame frame, HubPort from) {
        if (frame.headLength() < HEADER_BYTES) {
            return flood(frame, from);
        }
        long nowNanos = network().loop().nowNanos();
        learn(address(frame, SOURCE), from, nowNanos);
        long destination = address(frame, 0);
        HubPort to = isGroup(destination) ? null : table.find(destination, nowNanos);
        if (to == null || !to.isOpen()) {
            return flood(frame, from);
        }
        if (to == from || !passes(from, to)) {
            dropSamePort.increment();
            return true;
        }
        if (isPair()) {
            return super.repeat(frame, from);
        }
        known.increment();
        to.port().sendOrQueue(frame);
        return true;
    }

    private void learn(long source, HubPort from, long nowNanos) {
        if (isGroup(source)) {
            return;
        }
        HubPort before = table.find(source, nowNanos);
        if (!table.learn(source, from, nowNanos)) {
            learnRefused.increment();
        } else if (before != null && before != from) {
            learnMoved.increment();
        }
    }

    private boolean flood(Frame frame, HubPort from) {
        if (!from.mayFlood(network().loop().nowNanos())) {
            dropStorm.increment();
            return true;
        }
        boolean taken = super.repeat(frame, from);
        if (taken) {
            flooded.increment();
        } else {
            from.takeBackFlood();
        }
        return taken;
    }

    @Override
    boolean passes(HubPort from, HubPort to) {
        return !from.isIsolated() || !to.isIsolated();
    }

    @Override
    void remove(HubPort port) {
        table.forget(port);
        refreshed = false;
        super.remove(port);
    }

    @Override
    void insert(HubPort port) {
        refreshed = false;
        super.insert(port);
    }

    @Override
    void linkChanged(HubPort port) {
        table.forget(port);
        refreshed = false;
        super.linkChanged(port);
    }

    /** With many ports the answer is that of all, the asking one included, and at most a tenth of a second old: what arrives undone is finished at its egress. */
    @Override
    int takesBut(@Nullable HubPort asking) {
        if (portCount() <= FEW_PORTS) {
            return super.takesBut(asking);
        }
        refresh();
        return allTake;
    }

    @Override
    int maxGsoBytesBut(@Nullable HubPort asking) {
        if (portCount() <= FEW_PORTS) {
            return super.maxGsoBytesBut(asking);
        }
        refresh();
        return allMaxGso;
    }

    private void refresh() {
        long nowNanos = network().loop().nowNanos();
        if (!refreshed || nowNanos - refreshedNanos >= REFRESH_NANOS) {
            refreshed = true;
            refreshedNanos = nowNanos;
            allTake = super.takesBut(null);
            allMaxGso = super.maxGsoBytesBut(null);
        }
    }

    private static boolean isGroup(long address) {
        return (address & 0x0100_0000_0000L) != 0;
    }

    private static long address(Frame frame, int at) {
        int index = frame.headIndex() + at;
        return (frame.head().getUnsignedShort(index) & 0xffffL) << 32
                | frame.head().getUnsignedInt(index + 2);
    }
}
