package io.qnet.slirp.host;

import io.netty.channel.epoll.LinuxSocket;
import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Programs of the host, each with one end of a TCP connection over loopback as its standard input, output and error, as QEMU starts them (slirp's fork_exec): samba asks for the other end's address, so a unix
 * socket does not do. They are waited for when they end; those that are left when the network closes are ended.
 *
 * <p>Loop thread only.
 */
final class Programs {
    private static final System.Logger LOG = System.getLogger(Programs.class.getName());
    private static final long LOOK_NANOS = 1_000_000_000L;
    private static final int PATIENCE_TENTHS = 20;
    private static final int ACCEPT_MILLIS = 5000;

    private final Loop loop;
    private final List<Integer> children = new ArrayList<>();
    private final Timer timer = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            look(nowNanos);
        }
    };
    private @Nullable SpawnCalls calls;
    private int starting;
    /** Read by starts that are under way. */
    private volatile boolean closed;

    Programs(Loop loop) {
        this.loop = loop;
    }

    /** A child with its end of the connection; none if {@code pid} is 0. */
    private record Child(SpawnCalls calls, int pid, int descriptor) {}

    /** Starts a program whose stream {@code stream} is to be. One that could not be started has closed its end. */
    void start(List<String> command, RealStream stream) {
        SpawnCalls loaded = calls;
        starting++;
        loop.<Child>runBlocking(
                () -> startUnlessClosed(loaded == null ? SpawnCalls.load() : loaded, command), (child, failure) -> {
                    starting--;
                    if (child == null) {
                        LOG.log(System.Logger.Level.WARNING, "guestfwd: " + failure);
                        stream.fail(HostError.PROHIBITED);
                    } else {
                        started(child, stream);
                    }
                });
    }

    private void started(Child child, RealStream stream) {
        calls = child.calls();
        if (child.pid() != 0) {
            children.add(child.pid());
            loop.timers().arm(timer, loop.nowNanos() + LOOK_NANOS);
        }
        connect(stream, child.descriptor());
    }

    private static void connect(RealStream stream, int descriptor) {
        try {
            if (!stream.adopt(descriptor)) {
                discard(descriptor);
            }
        } catch (IOException e) {
            stream.fail(HostErrors.of(e));
        }
    }

    private Child startUnlessClosed(SpawnCalls calls, List<String> command) throws IOException, InterruptedException {
        Child child = start(calls, command);
        if (closed) {
            discard(child.descriptor());
            if (child.pid() != 0) {
                end(calls, new ArrayList<>(List.of(child.pid())));
            }
            throw new IOException("the network is closed");
        }
        return child;
    }

    private static Child start(SpawnCalls calls, List<String> command) throws IOException, InterruptedException {
        LinuxSocket[] pair = pair();
        try {
            return new Child(calls, calls.start(command, pair[1].intValue()), pair[0].intValue());
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "guestfwd: " + e.getMessage());
            return new Child(calls, 0, pair[0].intValue());
        } finally {
            pair[1].close();
        }
    }

    /** Both ends of a connection over loopback that nobody else is on. */
    private static LinuxSocket[] pair() throws IOException, InterruptedException {
        LinuxSocket listener = LinuxSocket.newSocketStream(false);
        LinuxSocket here = LinuxSocket.newSocketStream(false);
        try {
            listener.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
            listener.listen(8);
            here.connect(listener.localAddress());
            return new LinuxSocket[] {here, accept(listener, here)};
        } catch (IOException | InterruptedException | RuntimeException e) {
            here.close();
            throw e;
        } finally {
            listener.close();
        }
    }

    /** The connection that comes from {@code here}; any other is closed. */
    private static LinuxSocket accept(LinuxSocket listener, LinuxSocket here) throws IOException, InterruptedException {
        byte[] address = new byte[64];
        for (int waited = 0; waited < ACCEPT_MILLIS; waited++) {
            int descriptor = listener.accept(address);
            if (descriptor < 0) {
                TimeUnit.MILLISECONDS.sleep(1);
                continue;
            }
            LinuxSocket accepted = LinuxSocket.newSocket(descriptor);
            if (here.localAddress().equals(accepted.remoteAddress())) {
                return accepted;
            }
            accepted.close();
        }
        throw new IOException("no connection over loopback");
    }

    private void look(long nowNanos) {
        SpawnCalls present = calls;
        if (present == null) {
            return;
        }
        for (Iterator<Integer> each = children.iterator(); each.hasNext(); ) {
            if (present.hasEnded(each.next())) {
                each.remove();
            }
        }
        if (!children.isEmpty()) {
            loop.timers().arm(timer, nowNanos + LOOK_NANOS);
        }
    }

    /** Closes the end of a connection that nobody wants any more. */
    static void discard(int descriptor) {
        try {
            LinuxSocket.newSocket(descriptor).close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing", e);
        }
    }

    /** How many are running, as far as is known. */
    int running() {
        return children.size() + starting;
    }

    /** Ends them all. */
    void close() {
        closed = true;
        loop.timers().cancel(timer);
        endAll();
    }

    private void endAll() {
        SpawnCalls present = calls;
        if (present == null || children.isEmpty()) {
            return;
        }
        List<Integer> left = List.copyOf(children);
        children.clear();
        loop.runBlocking(
                () -> {
                    end(present, new ArrayList<>(left));
                    return null;
                },
                (nothing, failure) -> {
                    if (failure != null) {
                        loop.taskFailed(this, failure);
                    }
                });
    }

    /** Asks them to end, and ends those that do not. Blocks. */
    private static void end(SpawnCalls calls, List<Integer> pids) throws InterruptedException {
        pids.removeIf(calls::hasEnded);
        pids.forEach(pid -> calls.signal(pid, SpawnCalls.SIGTERM));
        for (int i = 0; i < PATIENCE_TENTHS && !pids.isEmpty(); i++) {
            pids.removeIf(calls::hasEnded);
            TimeUnit.MILLISECONDS.sleep(pids.isEmpty() ? 0 : 100);
        }
        pids.forEach(pid -> calls.signal(pid, SpawnCalls.SIGKILL));
        for (int i = 0; i < PATIENCE_TENTHS && !pids.isEmpty(); i++) {
            pids.removeIf(calls::hasEnded);
            TimeUnit.MILLISECONDS.sleep(pids.isEmpty() ? 0 : 100);
        }
    }
}
