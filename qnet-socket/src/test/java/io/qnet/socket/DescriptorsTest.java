package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.unix.Socket;
import io.qnet.NetdevException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sockets that somebody else has opened; they need epoll. */
@Timeout(120)
class DescriptorsTest {
    private static final int AF_UNIX = 1;
    private static final POSIX POSIX_CALLS = POSIXFactory.getPOSIX();

    @TempDir
    private Path folder;

    private SocketLab lab;

    @BeforeEach
    void open() {
        lab = new SocketLab(Transport.EPOLL);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    @Test
    void aDatagramPair() throws Exception {
        int[] pair = pair(2);
        DatagramNetdev netdev =
                (DatagramNetdev) lab.network.addNetdev("dgram,id=d0,local.type=fd,local.str=" + pair[0]);
        lab.network.connect(lab.nic, netdev);
        assertThat(lab.info(netdev)).isEqualTo("fd=" + pair[0] + " unix");
        Socket far = new Socket(pair[1]);
        assertThat(far.write(ByteBuffer.allocateDirect(0), 0, 0)).isZero();
        write(far, new byte[60]);
        lab.untilFrames(1);
        assertThat(lab.frames.get(0)).hasSize(60);
        lab.nic.send(new byte[61]);
        lab.until(() -> lab.counter(netdev, "in.frames") == 1);
        ByteBuffer target = ByteBuffer.allocateDirect(100);
        assertThat(far.read(target, 0, 100)).isEqualTo(61);
        far.close();
        lab.nic.send(new byte[61]);
        lab.until(() -> lab.counter(netdev, "drop.unreachable") == 1);
    }

    @Test
    void aSlowReaderOfAPairGetsEverything() throws Exception {
        int[] pair = pair(2);
        DatagramNetdev netdev = (DatagramNetdev) lab.network.addNetdev("socket,id=d0,fd=" + pair[0]);
        lab.network.connect(lab.nic, netdev);
        assertThat(lab.info(netdev)).isEqualTo("socket: fd=" + pair[0] + " unix");
        Socket far = new Socket(pair[1]);
        ByteBuffer target = ByteBuffer.allocateDirect(2000);
        int sent = 0;
        while (lab.nic.send(new byte[60 + sent % 1000])) {
            sent++; // until the NIC's mailbox is full too
        }
        for (int i = 0; i < sent; i++) {
            assertThat(far.read(target, 0, 2000)).isEqualTo(60 + i % 1000); // blocks: the pair's ends do
        }
        far.close();
    }

    @Test
    void aStreamPairAndItsEnd() throws Exception {
        int[] pair = pair(1);
        StreamNetdev netdev = (StreamNetdev) lab.network.addNetdev("socket,id=s0,fd=" + pair[0]);
        lab.network.connect(lab.nic, netdev);
        assertThat(lab.info(netdev)).isEqualTo("socket: fd=" + pair[0]);
        Socket far = new Socket(pair[1]);
        write(far, FramePeer.framed(new byte[60]));
        lab.untilFrames(1);
        lab.nic.send(new byte[70]);
        lab.until(() -> lab.counter(netdev, "in.frames") == 1);
        ByteBuffer target = ByteBuffer.allocateDirect(100);
        assertThat(far.read(target, 0, 100)).isEqualTo(74);
        far.close();
        lab.until(() -> lab.info(netdev).isEmpty());
        lab.nic.send(new byte[70]);
        lab.until(() -> lab.counter(netdev, "drop.disconnected") == 1);
    }

    @Test
    void streamWithADescriptorConnectedOrListening() throws Exception {
        int[] pair = pair(1);
        StreamNetdev connected = (StreamNetdev) lab.network.addNetdev("stream,id=s0,addr.type=fd,addr.str=" + pair[0]);
        assertThat(lab.info(connected)).isEqualTo("unix:");
        lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
        new Socket(pair[1]).close();
        lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 1);

        Path path = folder.resolve("listening");
        Socket listening = Socket.newSocketDomain();
        listening.bind(new io.netty.channel.unix.DomainSocketAddress(path.toString()));
        listening.listen(1);
        lab.network.addNetdev("stream,id=s1,server=on,addr.type=fd,addr.str=" + listening.intValue());
        lab.network.connect(lab.nic, Objects.requireNonNull(lab.network.endpoint("s1")));
        try (FramePeer peer = FramePeer.connect(java.net.UnixDomainSocketAddress.of(path))) {
            peer.send(new byte[60]);
            lab.untilFrames(1);
        }
    }

    @Test
    void whatIsNoSocketIsRefused() throws Exception {
        assertThatThrownBy(() -> lab.network.addNetdev("socket,id=d2,fd=9999"))
                .isInstanceOf(NetdevException.class)
                .hasMessage("d2: Can't use file descriptor 9999: Bad file descriptor");
        assertThatThrownBy(() -> lab.network.addNetdev("dgram,id=d2,local.type=fd,local.str=9999"))
                .hasMessage("d2: Can't use file descriptor 9999: Bad file descriptor");
        assertThatThrownBy(() -> lab.network.addNetdev("stream,id=d2,addr.type=fd,addr.str=9999"))
                .hasMessage("d2: Can't use file descriptor 9999: Bad file descriptor");
        assertThatThrownBy(() -> lab.network.addNetdev("socket,id=d2,fd=1"))
                .hasMessage("can't get socket option SO_TYPE");
        int[] pair = pair(5); // SOCK_SEQPACKET
        assertThatThrownBy(() -> lab.network.addNetdev("socket,id=d2,fd=" + pair[0]))
                .hasMessage("socket type=5 for fd=" + pair[0] + " must be either SOCK_DGRAM or SOCK_STREAM");
        new Socket(pair[0]).close();
        new Socket(pair[1]).close();
    }

    private static int[] pair(int type) {
        int[] pair = new int[2];
        assertThat(POSIX_CALLS.socketpair(AF_UNIX, type, 0, pair)).isZero();
        return pair;
    }

    private static void write(Socket socket, byte[] bytes) throws Exception {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        assertThat(socket.write(buffer, 0, bytes.length)).isEqualTo(bytes.length);
    }
}
