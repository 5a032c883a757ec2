package io.qnet;

import org.jspecify.annotations.Nullable;

/** A port of a {@link Hub} (QEMU's {@code hubport} netdev). It is an endpoint like any other: what is joined to it, by a cable, is a member of the hub. */
public final class HubPort extends Netdev {
    private final int hubId;
    private final @Nullable String netdev;
    private final Device device = new Device();
    private @Nullable Hub hub;

    HubPort(String id, int hubId, @Nullable String netdev) {
        super(id);
        this.hubId = hubId;
        this.netdev = netdev;
    }

    /**
     * A hub port with a name of its own ({@code -netdev hubport,id=ID,hubid=N}); its hub is made if it is not there.
     *
     * @param id the name of the port
     * @param hubId the number of the hub
     */
    public static Config config(String id, int hubId) {
        return new Config(id, hubId, null);
    }

    /** The number of the hub. */
    public int hubId() {
        return hubId;
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
        return netdev;
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
            wakeHub();
        }

        @Override
        public void onPeerChanged() {
            wakeHub();
        }

        private void wakeHub() {
            if (hub != null) {
                hub.wakeWaiting();
            }
        }
    }

    /**
     * How to make a hub port.
     *
     * @param id the name of the port
     * @param hubId the number of the hub
     * @param netdev the netdev to join to it, or null
     */
    public record Config(String id, int hubId, @Nullable String netdev) implements EndpointConfig<HubPort> {
        /** Joins a netdev that has no peer yet. */
        public Config netdev(String netdev) {
            return new Config(id, hubId, netdev);
        }

        @Override
        public HubPort create() {
            return new HubPort(id, hubId, netdev);
        }
    }
}
