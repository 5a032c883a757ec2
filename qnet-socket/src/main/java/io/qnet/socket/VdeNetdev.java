package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.DomainSocketAddress;
import io.qnet.Netdev;
import io.qnet.NetdevException;
import io.qnet.Port;
import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.OutQueue;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.StreamOptions;
import io.qnet.internal.socket.StreamSocket;
import io.qnet.loop.Timer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code vde} netdev: a port of a running vde_switch (QEMU: net/vde.c; vde2: libvdeplug.c). A control connection asks for the port and keeps it; frames are datagrams between a socket of this
 * netdev's and one of the switch's. The switch cuts frames at 1518 bytes.
 *
 * <p>The switch must be there when the netdev is made. One that goes away is looked for every second; meanwhile frames are dropped and counted.
 *
 * <p>Counters: those of {@link DatagramNetdev}.
 */
public final class VdeNetdev extends Netdev {
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final long ANSWER_NANOS = 10_000_000_000L;
    private static final int STAGING_BYTES = 4096;

    private final VdeConfig config;
    private final DatagramPipe pipe = new DatagramPipe(DatagramPipe.Framing.NONE);
    private final Timer timer = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            if (control != null) {
                lost("no answer");
            } else {
                tryAgain();
            }
        }
    };

    private @Nullable Sockets sockets;
    private @Nullable Control control;
    private @Nullable VdeDataFile data;
    private boolean failureTold;
    private boolean closed;

    VdeNetdev(VdeConfig config) {
        super(config.id());
        this.config = config;
    }

    @Override
    public String type() {
        return "vde";
    }

    @Override
    public String info() {
        int descriptor = data == null ? -1 : data.socket.descriptor();
        return "sock=" + config.folder() + ",fd=" + descriptor;
    }

    @Override
    protected void open() {
        pipe.prepare(port());
        sockets = RealSockets.of(this, context());
        try {
            begin();
        } catch (IOException e) {
            throw new NetdevException("Could not open vde: " + HostErrors.textOf(e), e);
        }
    }

    /** Binds the data socket, then asks for a port. */
    private void begin() throws IOException {
        Sockets opened = openSockets();
        Control begun = new Control();
        control = begun;
        try {
            String path = config.folder().resolve("ctl").toString();
            begun.socket = opened.connect(new DomainSocketAddress(path), null, StreamOptions.DEFAULT, begun);
            data = VdeDataFile.bind(opened, config, pipe);
        } catch (IOException e) {
            end();
            throw e;
        }
        arm(ANSWER_NANOS);
    }

    private void tryAgain() {
        try {
            begin();
        } catch (IOException e) {
            lost(HostErrors.textOf(e));
        }
    }

    private void arm(long afterNanos) {
        context().loop().timers().arm(timer, context().loop().nowNanos() + afterNanos);
    }

    private void answered(String path) {
        VdeDataFile present = data;
        if (present == null) {
            return;
        }
        try {
            present.socket.connect(path);
        } catch (IOException e) {
            lost(HostErrors.textOf(e));
            return;
        }
        context().loop().timers().cancel(timer);
        failureTold = false;
        pipe.open(port(), context(), present.socket);
    }

    /** The switch is gone, or refuses: tried again later. */
    private void lost(String reason) {
        end();
        if (closed) {
            return;
        }
        if (!failureTold) {
            failureTold = true;
            context().warn(this, "no port of the vde switch at " + config.folder() + ": " + reason + ", trying again");
        }
        arm(RETRY_NANOS);
    }

    private void end() {
        pipe.close();
        Control present = control;
        control = null;
        if (present != null) {
            present.end();
        }
        VdeDataFile bound = data;
        data = null;
        if (bound != null) {
            bound.socket.close();
            bound.remove();
        }
    }

    @Override
    protected void close() {
        closed = true;
        context().loop().timers().cancel(timer);
        end();
        if (sockets != null) {
            sockets.close();
        }
    }

    @Override
    protected Port.Device device() {
        return pipe;
    }

    private Sockets openSockets() {
        Sockets present = sockets;
        if (present == null) {
            throw new IllegalStateException("not open");
        }
        return present;
    }

    /** The control connection; it is there for as long as the port. */
    private final class Control implements StreamSocket.Handler {
        private final OutQueue out = new OutQueue(context().loop().allocator(), STAGING_BYTES);
        private final ByteBuf answer =
                context().loop().allocator().directBuffer(VdeRequest.ANSWER_BYTES, VdeRequest.ANSWER_BYTES);
        private @Nullable StreamSocket socket;
        private int received;

        void end() {
            if (socket != null) {
                socket.close();
            }
            out.release();
            answer.release();
        }

        @Override
        public void onConnected() {
            VdeDataFile present = data;
            if (present != null) {
                VdeRequest.write(out, config.port(), present.path.toString());
                openSocket().wantRead(true);
                onWritable();
            }
        }

        @Override
        public void onReadable() {
            try {
                boolean whole = received == VdeRequest.ANSWER_BYTES;
                int at = whole ? 0 : received; // what comes after the answer means nothing
                int n = openSocket().read(answer, at, VdeRequest.ANSWER_BYTES - at);
                if (n < 0) {
                    lost("it has closed the connection");
                } else if (!whole && (received += n) == VdeRequest.ANSWER_BYTES) {
                    String path = VdeRequest.path(answer);
                    if (path == null) {
                        lost("it has no port");
                    } else {
                        answered(path);
                    }
                }
            } catch (IOException e) {
                lost(HostErrors.textOf(e));
            }
        }

        @Override
        public void onWritable() {
            try {
                openSocket().write(out, false);
            } catch (IOException e) {
                openSocket().defer();
            }
        }

        @Override
        public void onDeferred() {
            if (!out.isEmpty()) {
                lost("it takes no request");
            }
        }

        @Override
        public void onBroken(HostError error) {
            lost(HostErrors.textOf(error));
        }

        private StreamSocket openSocket() {
            StreamSocket present = socket;
            if (present == null) {
                throw new IllegalStateException("no socket");
            }
            return present;
        }
    }
}
