package io.qnet.tap;

import static io.qnet.tap.Bytes.ETHERNET;
import static io.qnet.tap.Bytes.IP;
import static io.qnet.tap.Bytes.put16;
import static io.qnet.tap.Bytes.u16;
import static io.qnet.tap.Bytes.u8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.Frame;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.Offload;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestTcp;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernel leaves undone, by what the peer takes; and what may be left undone towards the kernel. */
@EnabledIfTap
class TapOffloadTest {
    private static final int CSUM_TSO = Offload.TAKES_CSUM | Offload.TAKES_TSO4 | Offload.TAKES_TSO6;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private final Namespace namespace = new Namespace();
    private final Network network = Network.open();

    @TempDir
    Path folder;

    @BeforeEach
    void addTap() {
        tap(true);
    }

    private void tap(boolean vnetHeader) {
        network.hub(0)
                .add(TapNetdev.config("t0")
                        .ifname(namespace.pattern())
                        .script(namespace.script(folder))
                        .vnetHeader(vnetHeader));
    }

    @AfterEach
    void close() {
        network.close();
        namespace.close();
    }

    private TinyHost host(int takes) {
        return new TinyHost(network.hub(0).add(Nic.config().takes(takes)));
    }

    private void kernelSends(String protocol, int bytes) {
        namespace.exec("bash", "-c", "head -c " + bytes + " /dev/zero >/dev/" + protocol + "/10.0.2.2/80");
    }

    @Test
    void peerThatTakesNothingSeesFinishedFrames() throws Exception {
        Nic nic = network.hub(0).add(Nic.config());
        try (FakeGuest guest = FakeGuest.builder()
                        .mac("52:55:0a:00:02:02")
                        .on(network, nic)
                        .address("10.0.2.2", 24);
                GuestListener listener = guest.listen(80)) {
            Thread sender = new Thread(() -> kernelSends("tcp", 1_000_000));
            sender.start();
            try (GuestTcp stream = listener.accept()) {
                assertThat(stream.readAll()).hasSize(1_000_000);
            }
            sender.join();
            guest.assertNoViolations();
        }
    }

    @Test
    void peerThatTakesChecksumsSeesThePseudoHeadersSum() throws Exception {
        TinyHost host = host(Offload.TAKES_CSUM);
        kernelSends("udp", 99); // with it the TAP notices the new member
        host.await(each -> each.isProtocol(UDP));
        kernelSends("udp", 100);
        TinyHost.Seen datagram = host.await(each -> each.isProtocol(UDP) && each.bytes().length == 142);
        assertThat(datagram.flags()).isEqualTo(Offload.NEEDS_CSUM);
        assertThat(datagram.csumStart()).isEqualTo(34);
        assertThat(datagram.csumOffset()).isEqualTo(6);
        assertThat(datagram.headLength()).isEqualTo(42);
        assertThat(u16(datagram.bytes(), 40)).isEqualTo(Bytes.pseudoSum(datagram.bytes()));
        kernelSends("tcp", 300_000);
        assertThat(host.seen).allMatch(each -> each.bytes().length <= 1514 && each.gsoType() == Offload.GSO_NONE);
    }

    @Test
    void peerThatTakesSegmentationSeesSuperFrames() throws Exception {
        TinyHost host = host(CSUM_TSO);
        kernelSends("tcp", 1_000_000);
        TinyHost.Seen large = host.await(each -> each.isProtocol(TCP) && each.bytes().length > 1514);
        assertThat(large.gsoType()).isEqualTo(Offload.GSO_TCPV4);
        assertThat(large.gsoSize()).isEqualTo(536); // the host names no MSS
        assertThat(large.headerLength()).isEqualTo(54);
        assertThat(large.headLength()).isEqualTo(54);
        assertThat(large.csumStart()).isEqualTo(34);
        assertThat(large.csumOffset()).isEqualTo(16);
    }

    @Test
    void memberThatTakesNothingIsSparedBesideOneThatTakesAll() throws Exception {
        TinyHost host = host(CSUM_TSO);
        Nic plain = network.hub(0).add(Nic.config());
        TinyHost watcher = new TinyHost(plain) {
            @Override
            void answer(byte[] bytes) {}
        };
        kernelSends("tcp", 300_000);
        host.await(each -> each.isProtocol(TCP) && each.bytes().length > 1514);
        watcher.await(each -> each.isProtocol(TCP) && each.bytes().length == 590);
        assertThat(watcher.seen)
                .filteredOn(each -> each.isProtocol(TCP))
                .allMatch(each ->
                        each.flags() == 0 && each.bytes().length <= 1514 && Bytes.isChecksumValid(each.bytes()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void superFrameToAClosedPortIsAnsweredToItsLastByte(boolean vnetHeader) throws Exception {
        if (!vnetHeader) {
            network.delete("t0");
            tap(false);
        }
        Nic nic = network.hub(0).add(Nic.config().takes(CSUM_TSO));
        TinyHost host = new TinyHost(nic);
        kernelSends("udp", 1); // it learns the address
        byte[] mac = host.await(each -> u16(each.bytes(), 12) == 0x806).bytes();
        int payload = 10 * 1460;
        byte[] frame = new byte[ETHERNET + IP + 20 + payload];
        System.arraycopy(mac, 6, frame, 0, 6);
        TinyHost.begin(frame, TCP);
        Bytes.put32(frame, 34 + 4, 5000);
        put16(frame, 34 + 2, 9);
        frame[34 + 12] = 0x50;
        frame[34 + 13] = 0x08; // PSH alone: answered by RST|ACK of all that it carries
        put16(frame, 34 + 16, Bytes.pseudoSum(frame));
        ByteBuf bytes = Unpooled.wrappedBuffer(frame);
        Frame sent =
                new Frame().head(bytes, 0, frame.length).needsChecksum(34, 16).gso(Offload.GSO_TCPV4, 1460, 54);
        nic.send(sent);
        host.await(each -> each.isProtocol(TCP)
                && (u8(each.bytes(), 34 + 13) & 4) != 0
                && Bytes.i32(each.bytes(), 34 + 8) == 5000 + payload);
    }
}
