package io.qnet.slirp;

import io.qnet.Frame;
import io.qnet.Netdev;
import io.qnet.NetdevException;
import io.qnet.Offload;
import io.qnet.Port;
import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.loop.TurnTask;
import io.qnet.option.HostForward;
import io.qnet.option.OptionException;
import io.qnet.slirp.forward.ForwardInfo;
import io.qnet.slirp.host.RealHostNetwork;
import io.qnet.slirp.ip.GuestPort;
import io.qnet.slirp.service.DomainSearch;
import io.qnet.slirp.service.LeaseTable;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code -netdev user}: guests find a gateway, a name server and a DHCP server, and reach the host's network through sockets of this process; forwards lead from the host to guests. No privileges
 * are needed.
 *
 * <pre>{@code
 * UserNetdev user = hub.add(UserNetdev.config("u0").hostForward("tcp:127.0.0.1:2222-:22"));
 * }</pre>
 *
 * <p>Methods may be called by any thread, except where they say otherwise.
 */
public final class UserNetdev extends Netdev {
    private static final int TAKES =
            Offload.TAKES_CSUM | Offload.TAKES_TSO4 | Offload.TAKES_TSO6 | Offload.TAKES_TSO_ECN;

    private final UserSettings settings;
    private final Counters counters = new Counters();
    private final Counter bugs = counters.counter("bug.frames");
    private final Uplink uplink = new Uplink();
    private final TurnTask wake = new TurnTask() {
        @Override
        protected void run(long nowNanos) {
            port().wake();
        }
    };
    private @Nullable UserStack stack;
    private @Nullable HostNetwork ownHost;

    UserNetdev(String id, UserSettings settings) {
        super(id);
        this.settings = settings;
    }

    /** Begins a configuration with QEMU's defaults. */
    public static UserNetdevConfig config(String id) {
        return new UserNetdevConfig(id);
    }

    @Override
    public String type() {
        return "user";
    }

    @Override
    public String info() {
        return "net=" + settings.network().network4() + ",restrict="
                + (settings.dhcp().restricted() ? "on" : "off");
    }

    /** What happened, dropped frames and refused flows by their reasons included. */
    public Counters counters() {
        return counters;
    }

    /**
     * Opens a forward while the netdev runs (QEMU: {@code hostfwd_add}).
     *
     * @param rule such as {@code tcp:127.0.0.1:2222-:22}
     * @return the ports that were opened, one unless the rule is for a range
     * @throws OptionException in QEMU's words, if the rule is bad or cannot be bound
     */
    public List<ForwardInfo> hostForwardAdd(String rule) {
        HostForward parsed = HostForward.parse(rule);
        return call(open -> open.forwards().add(parsed));
    }

    /**
     * Closes a forward while the netdev runs (QEMU: {@code hostfwd_remove}). Connections that came by it live on.
     *
     * @param spec {@code [tcp|udp]:[ADDR]:PORT} of the host, as it is bound
     * @return false if there is no such forward
     * @throws OptionException {@code invalid format}
     */
    public boolean hostForwardRemove(String spec) {
        return call(open -> open.forwards().remove(spec));
    }

    /** The forwards that are open; of those with port 0, the port that the host chose. */
    public List<ForwardInfo> forwards() {
        return call(open -> open.forwards().list());
    }

    /** The leases in force. */
    public List<LeaseTable.Lease> leases() {
        return call(open -> open.leases(context().loop().nowNanos()));
    }

    /** The flows and forwards of this moment (QEMU: {@code info usernet}). */
    public UsernetInfo usernet() {
        return call(open -> new UsernetInfo(id(), UsernetRows.of(open)));
    }

    @Override
    protected void open() {
        HostNetwork given = context().hostNetwork();
        Loop loop = context().loop();
        HostNetwork host = given;
        if (host == null) {
            host = new RealHostNetwork(loop);
            ownHost = host;
        }
        UserStack made = makeStack(host, loop);
        stack = made;
        DomainSearch.firstInvalid(settings.dhcp().domainSearch())
                .ifPresent(name -> context().warn(this, "failed to parse domain name '" + name + "'"));
        Path tftp = settings.tftp();
        if (tftp != null && !Files.isDirectory(tftp)) {
            context().warn(this, "there is no folder '" + tftp + "' for TFTP");
        }
        try {
            made.open(settings.guestForwards(), settings.hostForwards());
            Path smb = settings.smb();
            if (smb != null) {
                made.share(smb, settings.smbServer());
            }
        } catch (OptionException e) {
            throw new NetdevException(String.valueOf(e.getMessage()), e);
        }
    }

    private UserStack makeStack(HostNetwork host, Loop loop) {
        try {
            return new UserStack(settings, uplink, host, loop, context().random(), counters);
        } catch (UnsupportedOperationException e) {
            throw new NetdevException("'outbound-if': " + e.getMessage(), e);
        }
    }

    @Override
    protected void close() {
        if (stack != null) {
            stack.close();
            stack = null;
        }
        if (ownHost != null) {
            ownHost.close();
            ownHost = null;
        }
    }

    @Override
    protected Port.Device device() {
        return uplink;
    }

    private <T> T call(Function<UserStack, T> action) {
        AtomicReference<@Nullable T> result = new AtomicReference<>();
        context().call(() -> {
            if (stack == null) {
                throw new IllegalStateException("'" + id() + "' is closed");
            }
            result.set(action.apply(stack));
        });
        T value = result.get();
        if (value == null) {
            throw new IllegalStateException("'" + id() + "' gave no answer");
        }
        return value;
    }

    /** The two directions of the port. */
    private final class Uplink implements Port.Device, GuestPort {
        @Override
        public boolean receive(Frame frame) {
            UserStack open = stack;
            if (open == null) {
                return true;
            }
            if (!open.canReceive()) {
                context().loop().flushThisTurn(wake);
                return false;
            }
            try {
                open.onFrame(frame, context().loop().nowNanos());
            } catch (RuntimeException e) {
                bugs.increment();
                context().loop().taskFailed(UserNetdev.this, e);
            }
            return true;
        }

        @Override
        public void onSendable() {
            if (stack != null) {
                stack.onSendable();
            }
        }

        @Override
        public boolean send(Frame frame) {
            return port().send(frame);
        }

        @Override
        public void sendOrQueue(Frame frame) {
            port().sendOrQueue(frame);
        }

        /** What guests may leave undone. */
        @Override
        public int takes() {
            return TAKES;
        }

        @Override
        public int guestTakes() {
            return port().peerTakes();
        }
    }
}
