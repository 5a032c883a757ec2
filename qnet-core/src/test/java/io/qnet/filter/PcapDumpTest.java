package io.qnet.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.FrameFilter.Direction;
import io.qnet.Hub;
import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.Nic;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PcapDumpTest {
    private static final long START_MILLIS = 1_700_000_000_123L;

    @TempDir
    Path folder;

    @Test
    void theFileHasTheHeaderAndOneRecordOfEachFrameThatPasses() throws Exception {
        ByteBuffer pcap = dump(65_536, 1 << 20, 60, 1514);

        assertThat(pcap.getInt()).isEqualTo(0xa1b2c3d4);
        assertThat(pcap.getShort()).isEqualTo((short) 2);
        assertThat(pcap.getShort()).isEqualTo((short) 4);
        assertThat(pcap.getLong()).isZero();
        assertThat(pcap.getInt()).isEqualTo(65_536);
        assertThat(pcap.getInt()).isEqualTo(1);
        assertRecord(pcap, 60, 60, 1);
        assertRecord(pcap, 1514, 1514, 2);
        assertThat(pcap.hasRemaining()).isFalse();
    }

    @Test
    void longFramesAreCutAtTheSnapLength() throws Exception {
        ByteBuffer pcap = dump(128, 1 << 20, 1514);

        pcap.position(24);
        assertRecord(pcap, 128, 1514, 1);
        assertThat(pcap.hasRemaining()).isFalse();
    }

    @Test
    void aNameThatEndsInPcapngHasThatFormatWithDirections() throws Exception {
        Path file = folder.resolve("dump.pcapng");
        ByteBuffer pcapng = dump(file, 128, 1 << 20, 61, 1514);

        assertThat(pcapng.getInt()).isEqualTo(0x0a0d0d0a);
        assertThat(pcapng.getInt()).isEqualTo(28);
        assertThat(pcapng.getInt()).isEqualTo(0x1a2b3c4d);
        pcapng.position(28);
        assertThat(pcapng.getInt()).as("interface").isEqualTo(1);
        assertThat(pcapng.getInt()).isEqualTo(32);
        assertThat(pcapng.getInt()).as("Ethernet").isEqualTo(1);
        assertThat(pcapng.getInt()).as("snap length").isEqualTo(128);
        pcapng.position(60);
        assertBlock(pcapng, 61, 61, 1);
        assertBlock(pcapng, 128, 1514, 2);
        assertThat(pcapng.hasRemaining()).isFalse();
    }

    private static void assertBlock(ByteBuffer pcapng, int kept, int length, int fill) {
        int start = pcapng.position();
        assertThat(pcapng.getInt()).as("packet").isEqualTo(6);
        int bytes = pcapng.getInt();
        assertThat(pcapng.getInt()).as("interface").isZero();
        long nanos = (long) pcapng.getInt() << 32 | Integer.toUnsignedLong(pcapng.getInt());
        assertThat(nanos - START_MILLIS * 1_000_000).isBetween(0L, 600_000_000_000L);
        assertThat(pcapng.getInt()).isEqualTo(kept);
        assertThat(pcapng.getInt()).isEqualTo(length);
        byte[] frame = new byte[kept];
        pcapng.get(frame);
        assertThat(frame).containsOnly(fill);
        pcapng.position(start + 28 + (kept + 3) / 4 * 4);
        assertThat(pcapng.getShort()).as("flags").isEqualTo((short) 2);
        assertThat(pcapng.getShort()).isEqualTo((short) 4);
        assertThat(pcapng.getInt()).as("inbound").isEqualTo(1);
        assertThat(pcapng.getInt()).isZero();
        assertThat(pcapng.getInt()).isEqualTo(bytes);
        assertThat(pcapng.position()).isEqualTo(start + bytes);
    }

    @Test
    void theFileStopsAtItsLimit() throws Exception {
        ByteBuffer pcap = dump(65_536, 24 + 2 * 76, 60, 60, 60);

        assertThat(pcap.remaining()).isEqualTo(24 + 2 * 76);
    }

    @Test
    void aFilterNeedsANetdevAndANameOfItsOwn() throws Exception {
        try (Network network = Network.open()) {
            Nic nic = network.hub(0).add(Nic.config());
            PcapDump dump = open(network, folder.resolve("a.pcap"), 128, 1000);
            assertThatThrownBy(() -> network.addFilter("f", nic.id(), dump, null))
                    .isInstanceOf(NetdevException.class)
                    .hasMessage("Parameter 'netdev' expects a network backend id");
            network.addFilter("f", "hub0port0", dump, null);
            assertThatThrownBy(() -> network.addFilter("f", "hub0port0", dump, null))
                    .isInstanceOf(NetdevException.class)
                    .hasMessage("attempt to add duplicate property 'f' to object (type 'container')");
            network.removeFilter("f");
            assertThatThrownBy(() -> network.removeFilter("f")).hasMessage("object 'f' not found");
        }
    }

    /** Frames of these lengths, the first filled with 1, the next with 2... pass a hub port that is recorded. */
    private ByteBuffer dump(int snapLength, long maxBytes, int... lengths) throws Exception {
        return dump(folder.resolve("dump.pcap"), snapLength, maxBytes, lengths);
    }

    private ByteBuffer dump(Path file, int snapLength, long maxBytes, int... lengths) throws Exception {
        try (Network network = Network.open()) {
            Hub hub = network.hub(0);
            Nic sender = hub.add(Nic.config());
            hub.add(Nic.config());
            PcapDump dump = open(network, file, snapLength, maxBytes);
            network.addFilter("f", "hub0port0", dump, Direction.RX);
            for (int i = 0; i < lengths.length; i++) {
                byte[] frame = new byte[lengths[i]];
                Arrays.fill(frame, (byte) (i + 1));
                assertThat(sender.send(frame, 0, frame.length)).isTrue();
            }
            network.call(() -> true); // what was sent before has passed
            network.removeFilter("f");
            assertThat(dump.finished().toCompletableFuture().get(30, TimeUnit.SECONDS))
                    .isEqualTo(file);
        }
        return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static PcapDump open(Network network, Path file, int snapLength, long maxBytes) {
        return network.call(() -> PcapDump.open(network.loop(), file, snapLength, maxBytes, START_MILLIS));
    }

    private static void assertRecord(ByteBuffer pcap, int kept, int length, int fill) {
        long micros = pcap.getInt() * 1_000_000L + pcap.getInt();
        assertThat(micros - START_MILLIS * 1000).isBetween(0L, 600_000_000L);
        assertThat(pcap.getInt()).isEqualTo(kept);
        assertThat(pcap.getInt()).isEqualTo(length);
        byte[] bytes = new byte[kept];
        pcap.get(bytes);
        assertThat(bytes).containsOnly(fill);
    }
}
