package io.qnet.tap;

import io.qnet.EndpointConfig;
import java.util.Optional;

/**
 * How to make a {@link TapNetdev}. Immutable: each setter answers a changed copy.
 *
 * @param id the name
 * @param ifname the interface, made if it is not there, or a pattern such as {@code vm%d}; empty for {@code tap%d}. Cut to 15 bytes, as in QEMU
 * @param script run as {@code SCRIPT IFNAME} once the interface is there, still down; empty or {@code no} for none
 * @param downscript run so when the netdev is closed, while the interface is still there; empty or {@code no} for none
 * @param vnetHeader whether to use virtio-net headers, and with them offloads; empty for: if the kernel has them
 * @param sendBufferBytes how much written but unsent data the kernel keeps for the interface, 0 for no limit; empty for QEMU's default, which is none
 */
public record TapConfig(
        String id,
        String ifname,
        String script,
        String downscript,
        Optional<Boolean> vnetHeader,
        Optional<Integer> sendBufferBytes)
        implements EndpointConfig<TapNetdev> {
    TapConfig(String id) {
        this(id, "", "", "", Optional.empty(), Optional.empty());
    }

    /** Sets the interface's name or pattern. */
    public TapConfig ifname(String ifname) {
        return new TapConfig(id, ifname, script, downscript, vnetHeader, sendBufferBytes);
    }

    /** Sets the script that brings the interface up. */
    public TapConfig script(String script) {
        return new TapConfig(id, ifname, script, downscript, vnetHeader, sendBufferBytes);
    }

    /** Sets the script that is run at the end. */
    public TapConfig downscript(String downscript) {
        return new TapConfig(id, ifname, script, downscript, vnetHeader, sendBufferBytes);
    }

    /** Insists on virtio-net headers, or goes without. */
    public TapConfig vnetHeader(boolean vnetHeader) {
        return new TapConfig(id, ifname, script, downscript, Optional.of(vnetHeader), sendBufferBytes);
    }

    /** Bounds what the kernel keeps for the interface. */
    public TapConfig sendBufferBytes(int sendBufferBytes) {
        return new TapConfig(id, ifname, script, downscript, vnetHeader, Optional.of(sendBufferBytes));
    }

    /** Always: system calls are loaded at first need, and scripts take their time. */
    @Override
    public boolean mayBlock() {
        return true;
    }

    @Override
    public TapNetdev create() {
        return new TapNetdev(this);
    }
}
