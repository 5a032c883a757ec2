package io.qnet.tap;

import io.netty.channel.epoll.EpollIoHandle;
import io.qnet.Frame;
import io.qnet.Netdev;
import io.qnet.NetdevException;
import io.qnet.Offload;
import io.qnet.Port;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The {@code tap} netdev: an interface of the host's kernel. Linux, on an epoll loop; needs {@code /dev/net/tun} and the right to make interfaces, or a persistent one of the user's own.
 *
 * <p>With virtio-net headers ({@code vnet_hdr}) the kernel takes frames with everything left undone, and leaves undone in what it sends as much as the peer takes (asked anew every turn, since members of
 * a hub come and go). Without them all that comes is finished, and what goes is finished here.
 *
 * <p>An interface that is down swallows frames, counted; one that is deleted ends the netdev's traffic, said once.
 *
 * <p>Source: QEMU {@code net/tap.c}, {@code net/tap-linux.c}.
 */
public final class TapNetdev extends Netdev {
    private final TapConfig config;
    private final Side side = new Side();
    /** The open TAP from its making to {@link #close()}; afterwards {@link OpenTap#NONE}, so that what is opened too late is closed at once. */
    private final AtomicReference<@Nullable OpenTap> tap = new AtomicReference<>();

    private @Nullable TapDevice device;
    private @Nullable TapEgress egress;
    private int offloads = Offload.TAKES_NOTHING;

    TapNetdev(TapConfig config) {
        super(config.id());
        this.config = config;
    }

    /** A configuration: the next free {@code tap%d}, no scripts, virtio-net headers if the kernel has them. */
    public static TapConfig config(String id) {
        return new TapConfig(id);
    }

    /** The name of the interface; before it is open, the name or pattern that was asked for. */
    public String ifname() {
        OpenTap present = tap.get();
        return present == null || present == OpenTap.NONE ? config.ifname() : present.name();
    }

    @Override
    public String type() {
        return "tap";
    }

    @Override
    public String info() {
        return "ifname=" + ifname() + ",script=" + config.script() + ",downscript=" + config.downscript();
    }

    @Override
    protected void open() {
        throw new IllegalStateException("a TAP is opened by openAsync()");
    }

    @Override
    protected CompletionStage<@Nullable Void> openAsync() {
        if (!context().loop().eventLoop().isCompatible(EpollIoHandle.class)) {
            throw new NetdevException("tap needs Linux's epoll, on which this network does not run");
        }
        CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
        context().loop().runBlocking(this::openTap, (opened, failure) -> {
            if (opened != null && tap.get() == opened) {
                start(opened);
                result.complete(null);
            } else {
                result.completeExceptionally(
                        failure != null
                                ? failure
                                : new NetdevException("'" + id() + "' was closed while it was being opened"));
            }
        });
        return result;
    }

    @Override
    protected void close() {
        TapDevice present = device;
        if (present != null) {
            present.close();
        }
        if (egress != null) {
            egress.close();
        }
        OpenTap ending = tap.getAndSet(OpenTap.NONE);
        if (ending == null || ending == OpenTap.NONE) {
            return;
        }
        if (!NetworkScript.isSet(config.downscript())) {
            ending.close();
            return;
        }
        context().loop().runBlocking(() -> runDownscript(ending), (nothing, failure) -> {
            if (failure != null) {
                ending.close(); // it did not even begin
            }
        });
    }

    @Override
    protected Port.Device device() {
        return side;
    }

    /** Opens the TAP and runs the script. Not on the loop. */
    private OpenTap openTap() throws InterruptedException {
        OpenTap opened = OpenTap.open(config);
        boolean done = false;
        try {
            if (NetworkScript.isSet(config.script())) {
                String failure = NetworkScript.run(config.script(), opened.name());
                if (failure != null) {
                    throw new TapException(failure);
                }
            }
            done = tap.compareAndSet(null, opened);
            return opened;
        } finally {
            if (!done) {
                opened.close();
            }
        }
    }

    private boolean runDownscript(OpenTap ending) throws InterruptedException {
        try {
            String failure = NetworkScript.run(config.downscript(), ending.name());
            if (failure != null) {
                System.getLogger("io.qnet").log(System.Logger.Level.WARNING, id() + ": " + failure);
            }
            return true;
        } finally {
            ending.close();
        }
    }

    private void start(OpenTap opened) {
        TapDevice made = new TapDevice(
                opened.descriptor(), opened.hasVnetHeader(), context().loop(), side, port().counters());
        device = made;
        egress = new TapEgress(made, opened.takes(), context().loop().allocator(), port().counters());
        negotiate();
        made.register(context().loop());
    }

    /** Lets the kernel leave undone what the peer takes. */
    private void negotiate() {
        OpenTap present = tap.get();
        if (present == null || device == null) {
            return;
        }
        int wanted = port().peerTakes() & present.takes();
        if (wanted != offloads) {
            offloads = wanted;
            present.setOffload(wanted);
        }
    }

    /** Both ends of what passes: the port's and the device's. */
    private final class Side implements Port.Device, TapDevice.Handler {
        @Override
        public boolean receive(Frame frame) {
            TapEgress to = egress;
            if (to == null) {
                port().counters().counter("drop.not-open").increment();
                return true;
            }
            return to.send(frame);
        }

        @Override
        public int takes() {
            OpenTap present = tap.get();
            return present == null ? Offload.TAKES_NOTHING : present.takes();
        }

        @Override
        public void onSendable() {
            TapDevice present = device;
            if (present != null) {
                present.resumeReading();
            }
        }

        @Override
        public void onPeerChanged() {
            negotiate();
        }

        @Override
        public void beforeRead() {
            negotiate();
        }

        @Override
        public boolean onFrame(Frame frame) {
            return port().send(frame);
        }

        @Override
        public void onWritable() {
            if (egress == null || egress.resume()) {
                port().wake();
            }
        }

        @Override
        public void onGone(String reason) {
            if (egress != null) {
                egress.close();
            }
            context().warn(TapNetdev.this, "interface " + ifname() + " is gone: " + reason);
            port().wake();
        }
    }
}
