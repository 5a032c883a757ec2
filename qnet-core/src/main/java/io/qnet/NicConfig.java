package io.qnet;

/**
 * How to make a {@link Nic}. Immutable: each setter answers a changed copy.
 *
 * @param id the name; empty for the network's choice, {@code MODEL.N}
 * @param model what {@code info network} shows
 * @param mac the address; {@link MacAddress#ZERO} for the network's choice
 * @param mtu the most bytes of an IP packet, 0 for no limit but {@link Port#MAX_FRAME_BYTES}; longer frames are dropped and counted both ways
 * @param takes what the embedder takes undone, a set of {@code Offload.TAKES_…}; the rest is done in software
 * @param padTo60 whether frames that it receives are padded to the 60 bytes of a real Ethernet
 * @param inboxBytes how much is kept for a reader that polls, or for an executor
 * @param inboxFrames how many frames are kept for them
 * @param outboxBytes how much other threads may send before the loop has looked
 * @param outboxFrames how many frames
 * @param burstFrames the most frames that a handler on the loop is given a turn, or {@link Nic#pump} writes a call
 */
public record NicConfig(
        String id,
        String model,
        MacAddress mac,
        int mtu,
        int takes,
        boolean padTo60,
        int inboxBytes,
        int inboxFrames,
        int outboxBytes,
        int outboxFrames,
        int burstFrames)
        implements EndpointConfig<Nic> {
    private static final int BYTES = 1 << 20;
    private static final int FRAMES = 4096;
    private static final int MIN_MTU = 68;

    /** Checks the values. */
    public NicConfig {
        if (mac.isMulticast()) {
            throw new NetdevException("NIC cannot have multicast MAC address (odd 1st byte)");
        }
        require(mtu == 0 || (mtu >= MIN_MTU && mtu <= Port.MAX_FRAME_BYTES), "mtu", mtu);
        require(inboxBytes > 0 && inboxBytes <= 1 << 29, "inboxBytes", inboxBytes);
        require(outboxBytes > 0 && outboxBytes <= 1 << 29, "outboxBytes", outboxBytes);
        require(inboxFrames > 0, "inboxFrames", inboxFrames);
        require(outboxFrames > 0, "outboxFrames", outboxFrames);
        require(burstFrames > 0, "burstFrames", burstFrames);
    }

    NicConfig() {
        this(
                "",
                "e1000",
                MacAddress.ZERO,
                0,
                Offload.TAKES_NOTHING,
                false,
                BYTES,
                FRAMES,
                BYTES,
                FRAMES,
                Integer.MAX_VALUE);
    }

    /** Sets the name. */
    public NicConfig id(String id) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, burstFrames);
    }

    /** Sets the model. */
    public NicConfig model(String model) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, burstFrames);
    }

    /** Sets the address. */
    public NicConfig mac(MacAddress mac) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, burstFrames);
    }

    /**
     * Sets the address from QEMU's text, such as {@code 52:54:00:12:34:56}.
     *
     * @throws NetdevException if it is none
     */
    public NicConfig mac(String mac) {
        return mac(MacAddress.parse(mac));
    }

    /** Sets the MTU, 68 to 69632, or 0 for no limit. */
    public NicConfig mtu(int mtu) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, burstFrames);
    }

    /** Sets what the embedder takes undone. */
    public NicConfig takes(int takes) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, burstFrames);
    }

    /** Pads what is received to 60 bytes, for devices that know no shorter frames. */
    public NicConfig padTo60(boolean padTo60) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, burstFrames);
    }

    /** Bounds what waits for a reader that polls, or for an executor. */
    public NicConfig inbox(int bytes, int frames) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, bytes, frames, outboxBytes, outboxFrames, burstFrames);
    }

    /** Bounds what other threads may send before the loop has looked. */
    public NicConfig outbox(int bytes, int frames) {
        return new NicConfig(id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, bytes, frames, burstFrames);
    }

    /** Paces reception for devices with a small ring: the most frames a turn, or a call of {@link Nic#pump}. */
    public NicConfig burst(int frames) {
        return new NicConfig(
                id, model, mac, mtu, takes, padTo60, inboxBytes, inboxFrames, outboxBytes, outboxFrames, frames);
    }

    @Override
    public NicConfig completed(NicDefaults defaults) {
        NicConfig named = id.isEmpty() ? id(defaults.nextName(model)) : this;
        return named.mac(defaults.macFor(mac));
    }

    @Override
    public Nic create() {
        return new Nic(this);
    }

    private static void require(boolean condition, String name, int value) {
        if (!condition) {
            throw new NetdevException("Parameter '" + name + "' does not accept value '" + value + "'");
        }
    }
}
