package io.qnet.it;

import io.qnet.Hub;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.it.raw.StreamSocket;
import io.qnet.it.support.Captures;
import io.qnet.testkit.FakeGuest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * The testkit's guest, joined to a network in another process by a unix socket with QEMU's stream protocol: in this
 * process it has a network of its own, whose other NIC passes frames to and from the socket.
 */
final class JoinedGuest implements AutoCloseable {

    /** Room for more than a window of TCP, so that nothing is lost on the way in. */
    private static final int MAX_WAITING_BYTES = 16 << 20;

    private final Network network = Network.open();
    private final StreamSocket socket;
    private final FakeGuest guest;

    private JoinedGuest(Path path, FakeGuest.Builder how) {
        Hub hub = network.hub(0);
        Nic outward = hub.add(Nic.config().mac("52:54:00:00:00:01").outbox(MAX_WAITING_BYTES, MAX_WAITING_BYTES));
        this.socket = StreamSocket.connect(path, outward::send);
        outward.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            socket.send(bytes);
        });
        this.guest = how.on(network, hub.add(Nic.config().mac("52:54:00:12:34:56")));
    }

    /** Joins a guest to the network that listens on a unix socket. */
    static JoinedGuest connect(Path socket, FakeGuest.Builder how) {
        return new JoinedGuest(socket, how);
    }

    /** The guest. */
    FakeGuest guest() {
        return guest;
    }

    /** Keeps what the guest sent and received as a capture, for a failed test; returns where. */
    Path keepCapture() {
        try {
            Path file = Captures.newFile("fake");
            guest.frames().writePcap(file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try (network;
                socket) {
            guest.close();
        }
    }
}
