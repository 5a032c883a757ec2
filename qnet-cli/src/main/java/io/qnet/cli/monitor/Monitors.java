package io.qnet.cli.monitor;

import io.qnet.NetdevException;
import io.qnet.NetworkEvent;
import io.qnet.NetworkListener;
import io.qnet.option.ChardevSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The monitors of a program. They listen before the network is there, as QEMU's do, and serve once it is ({@link #start}); events of the network reach them as its listener.
 */
public final class Monitors implements NetworkListener, AutoCloseable {
    private final List<MonitorSpec> specs = new ArrayList<>();
    private final List<Endpoints.Opened> opened = new CopyOnWriteArrayList<>();
    private volatile boolean isWaiting;
    private volatile List<MonitorServer> servers = List.of();
    private final AtomicBoolean endAnnounced = new AtomicBoolean();
    private @Nullable Terminals terminal;

    /**
     * Opens what the monitors talk through.
     *
     * @param info where it is said that a client is waited for
     * @throws NetdevException in QEMU's words; then nothing is open
     */
    public static Monitors open(List<MonitorSpec> specs, InputStream in, PrintStream out, PrintStream info) {
        Monitors monitors = new Monitors();
        monitors.openAll(specs, in, out, info);
        return monitors;
    }

    /** As {@link #open}, for whoever may have to {@link #close} them while a client is waited for. */
    public void openAll(List<MonitorSpec> wanted, InputStream in, PrintStream out, PrintStream info) {
        for (MonitorSpec spec : wanted) {
            try {
                add(spec, in, out, info);
            } catch (NetdevException e) {
                close();
                throw e.at(spec.source());
            }
        }
    }

    /** Whether the first client of a monitor is being waited for. Any thread. */
    public boolean isWaiting() {
        return isWaiting;
    }

    private void add(MonitorSpec spec, InputStream in, PrintStream out, PrintStream info) {
        boolean terminalWanted = spec.chardev() instanceof ChardevSpec.Stdio && !spec.qmp() && Terminals.isTerminal();
        if (terminalWanted) {
            terminal = new Terminals();
            return;
        }
        Endpoints.Opened made = Endpoints.open(spec.chardev(), in, out);
        specs.add(spec);
        opened.add(made);
        if (made instanceof Endpoints.Listening listening && listening.waits()) {
            try {
                isWaiting = true;
                info.println(
                        "qnet: " + spec.source() + ": info: QEMU waiting for connection on: " + listening.address());
                listening.await();
                isWaiting = false;
            } catch (IOException e) {
                throw new NetdevException("waiting for a connection failed: " + e.getMessage(), e);
            }
        }
    }

    /** Serves clients from now on. */
    public void start(Machine machine) {
        List<MonitorServer> made = new ArrayList<>();
        for (int i = 0; i < specs.size(); i++) {
            made.add(new MonitorServer(specs.get(i), machine, opened.get(i)));
        }
        servers = List.copyOf(made);
        servers.forEach(MonitorServer::start);
        if (terminal != null) {
            terminal.start(machine);
        }
    }

    /** Whether any monitor has a client now. */
    boolean hasClients() {
        return servers.stream().anyMatch(MonitorServer::hasClient);
    }

    @Override
    public void onEvent(NetworkEvent event) {
        Instant now = Instant.now();
        servers.forEach(each -> each.event(event, now));
    }

    /**
     * Tells clients that the program ends; only the first call does.
     *
     * @param reason QEMU's word for it: {@code host-signal}, {@code host-qmp-quit}
     */
    public void announceEnd(String reason) {
        if (endAnnounced.compareAndSet(false, true)) {
            onEvent(new NetworkEvent("SHUTDOWN", "", Typed.map("guest", false, "reason", reason)));
        }
    }

    /** Waits a little until clients have been sent what is for them. */
    public void flush() {
        for (MonitorServer each : servers) {
            try {
                each.flush();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        servers.forEach(MonitorServer::close);
        opened.forEach(Endpoints.Opened::close);
        if (terminal != null) {
            terminal.close();
        }
    }
}
