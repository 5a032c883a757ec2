package io.qnet.cli.monitor;

import io.qnet.NetworkEvent;
import io.qnet.cli.monitor.Endpoints.Opened;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One monitor at work: one client at a time, as QEMU's character devices have it; the next waits in the backlog. A thread of its own reads and runs the commands.
 */
final class MonitorServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MonitorServer.class.getName());
    /** The most that a session is given at a time. */
    static final int READ_BYTES = 4096;

    private static final long FLUSH_MILLIS = 1000;

    private final MonitorSpec spec;
    private final Machine machine;
    private final Opened opened;
    private volatile boolean closed;
    private volatile @Nullable MonitorSession session;
    private volatile @Nullable Outbox outbox;
    private volatile @Nullable Link link;

    MonitorServer(MonitorSpec spec, Machine machine, Opened opened) {
        this.spec = spec;
        this.machine = machine;
        this.opened = opened;
    }

    void start() {
        Thread thread = new Thread(this::run, "qnet-" + (spec.qmp() ? "qmp" : "hmp"));
        thread.setDaemon(true);
        thread.start();
    }

    boolean hasClient() {
        return session != null;
    }

    /** Tells the client. Any thread; does not wait. */
    void event(NetworkEvent event, Instant when) {
        MonitorSession present = session;
        if (present != null) {
            present.event(event, when);
        }
    }

    /** Waits a little until the client has been sent what is for it. */
    void flush() throws InterruptedException {
        Outbox present = outbox;
        if (present != null) {
            Thread flusher = new Thread(present::flush, "qnet-flush");
            flusher.setDaemon(true);
            flusher.start();
            flusher.join(FLUSH_MILLIS);
        }
    }

    @Override
    public void close() {
        closed = true;
        opened.close();
        Link present = link;
        if (present != null) {
            drop(present);
        }
    }

    private void run() {
        while (!closed) {
            try (Link client = opened.next()) {
                if (client == null) {
                    return;
                }
                serve(client);
            } catch (IOException e) {
                if (!closed) {
                    LOG.log(System.Logger.Level.DEBUG, "a client of " + spec.source() + " ended", e);
                }
            }
        }
    }

    private void serve(Link client) throws IOException {
        link = client;
        Outbox out = new Outbox("qnet-monitor-out", client.output(), () -> drop(client));
        outbox = out;
        try {
            MonitorSession made =
                    spec.qmp() ? new QmpSession(machine, out, () -> dropSlow(client)) : new HmpSession(machine, out);
            made.begin();
            session = made;
            byte[] bytes = new byte[READ_BYTES];
            for (int count = client.read(bytes); count >= 0; count = client.read(bytes)) {
                made.input(bytes, count);
            }
            out.flush();
        } finally {
            session = null;
            outbox = null;
            link = null;
            out.close();
        }
    }

    /** Whose writer or session calls this may have been followed by another client already, which stays. */
    private void dropSlow(Link client) {
        if (link == client) {
            session = null;
        }
        LOG.log(System.Logger.Level.WARNING, "the client of " + spec.source() + " does not read: dropped");
        drop(client);
    }

    private void drop(Link client) {
        try {
            client.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a client of " + spec.source(), e);
        }
    }
}
