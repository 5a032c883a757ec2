package io.qnet.tap;

import io.netty.channel.unix.FileDescriptor;
import io.qnet.Offload;
import java.io.IOException;
import java.lang.System.Logger.Level;

/** A TAP that is open: its descriptor, and what its kernel can do. Any thread; {@link #close()} may come from another than the descriptor's user, once that has stopped. */
final class OpenTap implements AutoCloseable {
    /** What stands for a TAP that must not be opened any more. */
    static final OpenTap NONE = new OpenTap(new Tun.Opened(Integer.MAX_VALUE, "", false, Offload.TAKES_NOTHING));

    private final FileDescriptor descriptor;
    private final Tun.Opened opened;

    private OpenTap(Tun.Opened opened) {
        descriptor = new FileDescriptor(opened.fd());
        this.opened = opened;
    }

    /**
     * Opens a TAP as QEMU does.
     *
     * @throws TapException with QEMU's text
     */
    static OpenTap open(TapConfig config) {
        String pattern = config.ifname().isEmpty() ? "tap%d" : config.ifname();
        return new OpenTap(Tun.open(pattern, config.vnetHeader(), config.sendBufferBytes()));
    }

    /** The descriptor, non-blocking. */
    FileDescriptor descriptor() {
        return descriptor;
    }

    /** The interface's name when it was made. */
    String name() {
        return opened.name();
    }

    /** Whether frames carry a virtio-net header. */
    boolean hasVnetHeader() {
        return opened.vnetHeader();
    }

    /** What may be left undone in frames that are written, and can be in those that are read. */
    int takes() {
        return opened.takes();
    }

    /** Says what the reader takes undone, a part of {@link #takes()}. */
    void setOffload(int offloads) {
        Tun.setOffload(descriptor.intValue(), offloads);
    }

    @Override
    public void close() {
        try {
            descriptor.close();
        } catch (IOException e) {
            System.getLogger("io.qnet").log(Level.DEBUG, "closing a TAP", e);
        }
    }
}
