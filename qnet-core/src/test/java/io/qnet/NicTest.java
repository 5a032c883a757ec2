package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Tcp;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sending and receiving by a NIC on the loop's thread; other threads are in {@link NicThreadsTest}. */
class NicTest extends CoreFixture {
    private Probe peer;

    @BeforeEach
    void addPeer() {
        peer = probe("peer");
    }

    private Nic nic(NicConfig config) {
        Nic nic = network.add(config);
        network.connect(nic, peer);
        return nic;
    }

    private static byte[] bytes(int number) {
        return ByteBuffer.allocate(18).putInt(14, number).array();
    }

    private static int number(Frame frame) {
        return frame.head().getInt(frame.headIndex() + 14);
    }

    @Test
    void sendsWhatEveryFormHoldsAndKeepsNothing() {
        Nic nic = nic(Nic.config());
        byte[] array = ByteBuffer.allocate(20).putInt(15, 1).array();
        assertThat(nic.send(array, 1, 18)).isTrue();
        assertThat(nic.send(bytes(2))).isTrue();
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(40).putInt(24, 3).position(10).limit(28);
        assertThat(nic.send(buffer)).isTrue();
        assertThat(buffer.position()).isEqualTo(10);
        ByteBuf netty = Unpooled.buffer(30).setInt(16, 4).setIndex(2, 20);
        assertThat(nic.send(netty)).isTrue();
        assertThat(netty.readerIndex()).isEqualTo(2);
        assertThat(netty.refCnt()).isEqualTo(1);
        assertThat(nic.send(Probe.frame(5))).isTrue();
        assertThat(peer.received).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void whatThePeerRefusesWaitsInTheMailboxUntilThatIsFull() {
        Nic nic = nic(Nic.config().outbox(1 << 20, 10));
        peer.notReady();
        for (int i = 0; i < 10; i++) {
            assertThat(nic.send(bytes(i))).isTrue();
        }
        assertThat(nic.canSend()).isFalse();
        assertThat(nic.send(bytes(10))).isFalse();
        assertThat(nic.port().counters().value("drop.mailbox-full")).isEqualTo(1);
        peer.readyAgain();
        assertThat(peer.received).isEqualTo(IntStream.range(0, 10).boxed().toList());
        assertThat(nic.canSend()).isTrue();
    }

    @Test
    void sendingFromWithinReceptionKeepsTheOrder() {
        Nic nic = nic(Nic.config());
        nic.onFrame(frame -> {
            nic.send(bytes(number(frame) + 10));
            nic.send(bytes(number(frame) + 20));
        });
        peer.onReceive = number -> {
            if (number == 11) {
                peer.send(2);
            }
        };
        peer.send(1);
        network.poll();
        assertThat(peer.received).containsExactly(11, 21, 12, 22);
    }

    @Test
    void pollsInOrderAndKeepsAFrameUntilTheNextCall() {
        Nic nic = nic(Nic.config());
        assertThat(nic.poll()).isNull();
        peer.send(1);
        peer.send(2);
        peer.send(3);
        peer.send(4);
        Frame first = nic.poll();
        assertThat(first).isNotNull();
        assertThat(number(first)).isEqualTo(1);
        byte[] target = new byte[100];
        assertThat(nic.pollInto(target)).isEqualTo(18);
        assertThat(ByteBuffer.wrap(target).getInt(14)).isEqualTo(2);
        assertThat(nic.pollBytes()).isEqualTo(Probe.frame(3).head().array());
        assertThat(nic.poll()).isNotNull();
        assertThat(nic.poll()).isNull();
        assertThat(nic.pollInto(target)).isZero();
        assertThat(nic.pollBytes()).isNull();
    }

    @Test
    void aFullInboxMakesTheSenderWaitAndLosesNothing() {
        Nic nic = nic(Nic.config().inbox(1, 8));
        int[] next = {0};
        peer.onSendable = () -> {
            while (next[0] < 100 && peer.send(next[0])) {
                next[0]++;
            }
        };
        peer.onSendable.run();
        assertThat(next[0]).isEqualTo(8);
        List<Integer> received = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            Frame frame = nic.poll();
            if (frame != null) {
                received.add(number(frame));
            } else {
                network.poll();
            }
        }
        assertThat(received).isEqualTo(IntStream.range(0, 100).boxed().toList());
    }

    /** The ring wraps many times, with frames of all lengths. */
    @Test
    void framesOfAllLengthsComeThroughTheRing() {
        Nic nic = nic(Nic.config().inbox(300_000, 1000));
        ByteBuf source = Unpooled.buffer(70_000).writerIndex(70_000);
        int sent = 0;
        for (int length = 14; length <= Port.MAX_FRAME_BYTES; length += 997) {
            source.setInt(0, length);
            source.setInt(length - 4, length);
            assertThat(peer.port().send(new Frame().head(source, 0, length))).isTrue();
            if (sent++ % 2 == 0) {
                source.setInt(0, length);
                assertThat(peer.port().send(new Frame().head(source, 0, length)))
                        .isTrue();
                check(nic, length);
            }
            check(nic, length);
        }
        assertThat(nic.poll()).isNull();
    }

    private static void check(Nic nic, int length) {
        Frame frame = nic.poll();
        assertThat(frame).isNotNull();
        assertThat(frame.length()).isEqualTo(length);
        assertThat(frame.head().getInt(frame.headIndex())).isEqualTo(length);
        assertThat(frame.head().getInt(frame.headIndex() + length - 4)).isEqualTo(length);
    }

    @Test
    void framesThatCameBeforeTheHandlerAreHandedOverFirst() {
        Nic nic = nic(Nic.config());
        peer.send(1);
        List<Integer> received = new ArrayList<>();
        nic.onFrame(frame -> received.add(number(frame)));
        peer.send(2);
        assertThat(received).containsExactly(1, 2);
    }

    @Test
    void anExecutorGetsFramesInOneTaskAtATime() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        Executor executor = tasks::add;
        Nic nic = nic(Nic.config());
        List<Integer> received = new ArrayList<>();
        peer.send(1);
        nic.onFrame(frame -> received.add(number(frame)), executor);
        peer.send(2);
        peer.send(3);
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(received).containsExactly(1, 2, 3);
        peer.send(4);
        tasks.remove().run();
        assertThat(received).endsWith(4);
    }

    @Test
    void aHandlerThatThrowsOnAnExecutorMissesOneFrame() {
        expectedFailures = 1;
        Nic nic = nic(Nic.config());
        List<Integer> received = new ArrayList<>();
        nic.onFrame(
                frame -> {
                    if (number(frame) == 1) {
                        throw new IllegalStateException("a bug that a test made");
                    }
                    received.add(number(frame));
                },
                Runnable::run);
        peer.send(1);
        peer.send(2);
        assertThat(received).containsExactly(2);
    }

    @Test
    void aBurstIsSpreadOverTurns() {
        Nic nic = nic(Nic.config().burst(3));
        List<Integer> received = new ArrayList<>();
        nic.onFrame(frame -> received.add(number(frame)));
        network.poll();
        for (int i = 0; i < 8; i++) {
            peer.sendOrQueue(i);
        }
        assertThat(received).hasSize(3);
        network.poll();
        assertThat(received).hasSizeBetween(4, 6);
        network.poll();
        network.poll();
        network.poll();
        assertThat(received).isEqualTo(IntStream.range(0, 8).boxed().toList());
    }

    @Test
    void joinsACardThatOnlyReadsAndWritesArrays() {
        Deque<byte[]> fromGuest = new ArrayDeque<>(List.of(bytes(1), bytes(2)));
        List<byte[]> toGuest = new ArrayList<>();
        Nic nic = nic(Nic.config().burst(2));
        for (int i = 10; i < 15; i++) {
            peer.send(i);
        }
        assertThat(nic.pump(fromGuest::poll, toGuest::add)).isEqualTo(4);
        assertThat(peer.received).containsExactly(1, 2);
        assertThat(toGuest).hasSize(2);
        nic.pump(fromGuest::poll, toGuest::add);
        nic.pump(fromGuest::poll, toGuest::add);
        assertThat(nic.pump(fromGuest::poll, toGuest::add)).isZero();
        assertThat(toGuest).extracting(each -> ByteBuffer.wrap(each).getInt(14)).containsExactly(10, 11, 12, 13, 14);
    }

    @Test
    void aPumpLeavesInTheCardWhatTheNetworkHasNoRoomFor() {
        Deque<byte[]> fromGuest = new ArrayDeque<>();
        for (int i = 0; i < 20; i++) {
            fromGuest.add(bytes(i));
        }
        Nic nic = nic(Nic.config().outbox(1, 5));
        peer.notReady();
        nic.pump(fromGuest::poll, bytes -> {});
        assertThat(fromGuest).hasSize(15);
        peer.readyAgain();
        nic.pump(fromGuest::poll, bytes -> {});
        assertThat(peer.received).isEqualTo(IntStream.range(0, 20).boxed().toList());
    }

    @Test
    void framesAboveTheMtuAreDroppedBothWays() {
        Nic nic = nic(Nic.config().mtu(100));
        Frame frame = new Frame().head(Unpooled.buffer(200), 0, 123);
        peer.port().send(frame);
        nic.send(new byte[123]);
        assertThat(nic.port().counters().value("drop.too-long")).isEqualTo(2);
        peer.port().send(frame.clear().head(Unpooled.buffer(200), 0, 122));
        assertThat(nic.pollBytes()).hasSize(122);
    }

    @Test
    void padsWithZerosToSixtyBytes() {
        Nic polled = nic(Nic.config().padTo60(true));
        polled.send(new byte[60]);
        peer.send(7);
        byte[] padded = polled.pollBytes();
        assertThat(padded).hasSize(60);
        assertThat(ByteBuffer.wrap(padded).getInt(14)).isEqualTo(7);
        List<byte[]> pushed = new ArrayList<>();
        polled.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            pushed.add(bytes);
        });
        peer.port().send(new Frame().head(Unpooled.buffer(59).setZero(0, 59).setByte(58, 9), 0, 59));
        peer.send(8);
        assertThat(pushed).extracting(each -> each.length).containsExactly(60, 60);
        assertThat(pushed.get(1)).endsWith(new byte[42]);
    }

    @Test
    void superFramesComeFinishedUnlessTheNicTakesThem() {
        Nic finished = nic(Nic.config());
        peer.port().send(superFrame(5000));
        for (int i = 0; i < 5; i++) {
            assertThat(finished.pollBytes()).as("segment %s", i).hasSize(1054);
        }
        assertThat(finished.poll()).isNull();
        network.remove(finished);
        Nic taking = nic(Nic.config().takes(Offload.TAKES_CSUM | Offload.TAKES_TSO4));
        peer.port().send(superFrame(5000));
        Frame whole = taking.poll();
        assertThat(whole).isNotNull();
        assertThat(whole.length()).isEqualTo(5054);
        assertThat(whole.gsoType()).isEqualTo(Offload.GSO_TCPV4);
        assertThat(whole.gsoSize()).isEqualTo(1000);
        assertThat(whole.csumStart()).isEqualTo(34);
        assertThat(whole.csumOffset()).isEqualTo(16);
    }

    @Test
    void aSuperFrameLargerThanTheInboxArrivesPiecemealAndNothingOvertakes() {
        Nic nic = nic(Nic.config().inbox(1, 4));
        assertThat(peer.port().send(superFrame(10_000))).isTrue();
        peer.sendOrQueue(77);
        List<Integer> lengths = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Frame frame = nic.poll();
            if (frame != null) {
                lengths.add(frame.length());
            }
            network.poll();
        }
        assertThat(lengths).hasSize(11).endsWith(18);
        assertThat(lengths.subList(0, 10)).containsOnly(1054);
    }

    @Test
    void aSuperFrameThatLiesIsCounted() {
        Nic nic = nic(Nic.config());
        peer.port().send(superFrame(5000).gso(Offload.GSO_TCPV6, 1000, 54));
        assertThat(nic.port().counters().value("drop.bad-offload")).isEqualTo(1);
        peer.send(1);
        assertThat(nic.pollBytes()).hasSize(18);
    }

    @Test
    void sendsWhatTheGuestLeftUndone() {
        Nic nic = nic(Nic.config());
        Frame[] seen = {null};
        Probe other = probe("other");
        network.remove(nic);
        Nic sender = network.add(Nic.config().id("sender"));
        Nic receiver = network.add(Nic.config().id("receiver").takes(Offload.TAKES_ALL));
        network.connect(sender, receiver);
        receiver.onFrame(frame -> seen[0] = new Frame().copy(frame, Unpooled.EMPTY_BUFFER.alloc()));
        sender.send(superFrame(3000));
        assertThat(seen[0].gsoSize()).isEqualTo(1000);
        assertThat(seen[0].length()).isEqualTo(3054);
        seen[0].release();
        assertThat(other.received).isEmpty();
    }

    @Test
    void removingForgetsWhatIsInTheMailbox() {
        Nic nic = nic(Nic.config());
        peer.notReady();
        nic.send(bytes(1));
        nic.send(bytes(2));
        network.remove(nic);
        assertThat(nic.port().counters().value("drop.no-peer")).isEqualTo(2);
        assertThatThrownBy(() -> nic.send(bytes(3)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("NIC 'e1000.0' is closed");
        assertThat(nic.poll()).isNull();
    }

    @Test
    void closingTheNetworkForgetsWhatIsInTheMailbox() {
        Nic nic = nic(Nic.config());
        peer.notReady();
        nic.send(bytes(1));
        nic.send(bytes(2));
        network.close();
        assertThat(nic.port().counters().value("drop.purged")).isEqualTo(2);
        assertThat(peer.received).isEmpty();
    }

    @Test
    void tellsItsLink() {
        Nic nic = nic(Nic.config());
        List<Boolean> links = new ArrayList<>();
        nic.onLink(links::add);
        nic.setLink(false);
        nic.setLink(false);
        nic.setLink(true);
        assertThat(links).containsExactly(false, true);
    }

    @Test
    void refusesAMulticastAddress() {
        assertThatThrownBy(() -> Nic.config().mac("53:54:00:12:34:56"))
                .isInstanceOf(NetdevException.class)
                .hasMessage("NIC cannot have multicast MAC address (odd 1st byte)");
        assertThatThrownBy(() -> Nic.config().mac("nonsense")).hasMessage("invalid syntax for ethernet address");
        assertThatThrownBy(() -> Nic.config().mtu(67)).isInstanceOf(NetdevException.class);
    }

    private static Frame superFrame(int payload) {
        ByteBuf head = Unpooled.buffer(54 + payload).writeZero(54 + payload);
        Ethernet.write(head, 0, 1, 2, Ethernet.TYPE_IPV4);
        Ipv4.write(head, 14, 0, 40 + payload, 1, 0, 64, Ip.TCP, 3, 4);
        Tcp.write(head, 34, 1, 2, 3, 4, 20, Tcp.ACK, 5, 0);
        return new Frame().head(head, 0, 54 + payload).needsChecksum(34, 16).gso(Offload.GSO_TCPV4, 1000, 54);
    }
}
