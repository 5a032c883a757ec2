package io.qnet.internal.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoOps;
import io.qnet.host.HostError;
import io.qnet.loop.NettyLoop;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a stream socket makes of epoll's events while it connects. */
class EpollStreamSocketTest {
    private final List<String> told = new ArrayList<>();
    private final StreamSocket.Handler handler = new StreamSocket.Handler() {
        @Override
        public void onConnected() {
            told.add("connected");
        }

        @Override
        public void onReadable() {
            told.add("readable");
        }

        @Override
        public void onWritable() {
            told.add("writable");
        }

        @Override
        public void onBroken(HostError error) {
            told.add(error.name());
        }
    };

    /** Epoll names descriptors by number: what it has to say about one that is closed may meet its successor in the same turn. */
    @Test
    void anEventOfTheDescriptorsFormerOwnerConnectsNothing() throws Exception {
        assumeThat(Epoll.isAvailable() && !"nio".equals(System.getProperty("qnet.transport")))
                .as("epoll")
                .isTrue();
        NettyLoop loop = NettyLoop.ownThread("stale");
        InetAddress loopback = InetAddress.getLoopbackAddress();
        // a backlog that is full: the kernel answers no further SYN
        try (ServerSocket listener = new ServerSocket(0, 1, loopback);
                Socket first = new Socket(loopback, listener.getLocalPort());
                Socket second = new Socket(loopback, listener.getLocalPort())) {
            assertThat(first.isConnected() && second.isConnected()).isTrue();
            loop.call(() -> {
                Sockets sockets = Sockets.on(loop);
                EpollStreamSocket socket = (EpollStreamSocket)
                        sockets.connect(listener.getLocalSocketAddress(), null, StreamOptions.DEFAULT, handler);
                for (EpollIoOps ops : List.of(
                        EpollIoOps.EPOLLOUT,
                        EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT).with(EpollIoOps.EPOLLRDHUP),
                        EpollIoOps.EPOLLOUT.with(EpollIoOps.EPOLLERR))) {
                    socket.handle(null, (EpollIoEvent) () -> ops);
                }
                assertThat(told).isEmpty();
                assertThat(socket.isConnecting()).isTrue();
                socket.close();
                sockets.close();
                return true;
            });
        } finally {
            loop.close(() -> {});
        }
    }
}
