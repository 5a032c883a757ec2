package io.qnet;

import org.jspecify.annotations.Nullable;

/** A port of a {@link Hub} (QEMU's {@code hubport} netdev). It is an endpoint like any other: what is joined to it, by a cable, is a member of the hub. */
public final class HubPort extends Netdev {
    private static final long SECOND_NANOS = 1_000_000_000;

    private final Config config;
    private final Device device = new Device();
    private @Nullable Hub hub;

    /** How many addresses the table of a switch has for this port; the table counts. */
    int learned;

    /** What may still be flooded, in frames times {@link #SECOND_NANOS}, as of {@link #creditNanos}. */
    private long floodCredit;

    private long creditNanos;
    private boolean creditBegun;

    HubPort(Config config) {
        super(config.id());
        this.config = config;
    }

    /**
     * A hub port with a name of its own ({@code -netdev hubport,id=ID,hubid=N}); its hub is made if it is not there.
     *
     * @param id the name of the port
     * @param hubId the number of the hub
     */
    public static Config config(String id, int hubId) {
        return new Config(id, hubId, null, null, false, 0);
    }

    /** The number of the hub. */
    public int hubId() {
        return config.hubId();
    }

    @Override
    public String type() {
        return "hubport";
    }

    @Override
    public String info() {
        return "";
    }

    @Override
    protected void open() {
        port().counters().counter("drop.alone");
    }

    @Override
    protected void close() {
        Hub left = hub;
        if (left != null) {
            left.remove(this);
        }
    }

    @Override
    protected Port.Device device() {
        return device;
    }

    /** The netdev that is to be joined when the port is added, or null. */
    @Nullable String netdev() {
        return config.netdev();
    }

    /** What the hub is to be, or null if that does not matter. */
    @Nullable Mode mode() {
        return config.mode();
    }

    /** Whether a switch passes nothing between this port and others that are isolated. */
    boolean isIsolated() {
        return config.isolated();
    }

    /** Whether one more frame of this port may be flooded now; counted if not. A tenth of a second's worth may come at once, one frame at least. */
    boolean mayFlood(long nowNanos) {
        int limit = config.stormLimit();
        if (limit == 0) {
            return true;
        }
        long most = Math.max(SECOND_NANOS, limit * SECOND_NANOS / 10);
        long elapsed = creditBegun ? Math.min(nowNanos - creditNanos, SECOND_NANOS) : SECOND_NANOS;
        floodCredit = Math.min(most, floodCredit + elapsed * limit);
        creditNanos = nowNanos;
        creditBegun = true;
        if (floodCredit < SECOND_NANOS) {
            port().counters().counter("drop.storm").increment();
            return false;
        }
        floodCredit -= SECOND_NANOS;
        return true;
    }

    /** The frame was not taken and comes again. */
    void takeBackFlood() {
        floodCredit += SECOND_NANOS;
    }

    void join(Hub joined) {
        hub = joined;
    }

    /** Whether a frame that leaves by this port gets anywhere. */
    boolean isOpen() {
        Port peer = port().peer();
        return peer != null && peer.isLinkUp() && port().isLinkUp();
    }

    void countAlone() {
        port().counters().counter("drop.alone").increment();
    }

    private final class Device implements Port.Device {
        @Override
        public boolean receive(Frame frame) {
            return hub == null || hub.repeat(frame, HubPort.this);
        }

        @Override
        public int takes() {
            return hub == null ? Offload.TAKES_NOTHING : hub.takesBut(HubPort.this);
        }

        @Override
        public int maxGsoBytes() {
            return hub == null ? Port.MAX_GSO_BYTES : hub.maxGsoBytesBut(HubPort.this);
        }

        @Override
        public @Nullable Hub hub() {
            return hub;
        }

        @Override
        public void onSendable() {
            wakeHub();
        }

        @Override
        public void onLink(boolean up) {
            linkChanged();
        }

        @Override
        public void onPeerChanged() {
            linkChanged();
        }

        private void linkChanged() {
            if (hub != null) {
                hub.linkChanged(HubPort.this);
            }
        }

        private void wakeHub() {
            if (hub != null) {
                hub.wakeWaiting();
            }
        }
    }

    /** What the hub of a port is. */
    public enum Mode {
        /** QEMU's: it repeats. */
        HUB,
        /** A {@link Switch}: it learns. */
        SWITCH
    }

    /**
     * How to make a hub port.
     *
     * @param id the name of the port
     * @param hubId the number of the hub
     * @param netdev the netdev to join to it, or null
     * @param mode what the hub is to be, or null if that does not matter; a hub that is made for this port is {@link Mode#HUB} then
     * @param isolated whether a switch passes nothing between this port and others that are isolated
     * @param stormLimit how many frames a second of this port a switch floods; 0 for any number
     */
    public record Config(
            String id,
            int hubId,
            @Nullable String netdev,
            @Nullable Mode mode,
            boolean isolated,
            int stormLimit) implements EndpointConfig<HubPort> {
        /** Joins a netdev that has no peer yet. */
        public Config netdev(String netdev) {
            return new Config(id, hubId, netdev, mode, isolated, stormLimit);
        }

        /** Says what the hub is to be; refused when the port is added if it is something else. */
        public Config mode(Mode mode) {
            return new Config(id, hubId, netdev, mode, isolated, stormLimit);
        }

        /** Isolates the port from others that are isolated. */
        public Config isolated(boolean isolated) {
            return new Config(id, hubId, netdev, mode, isolated, stormLimit);
        }

        /** Limits what is flooded for this port. */
        public Config stormLimit(int framesPerSecond) {
            return new Config(id, hubId, netdev, mode, isolated, framesPerSecond);
        }

        @Override
        public HubPort create() {
            return new HubPort(this);
        }
    }
}
