package io.qnet.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.FilterPlace;
import io.qnet.Frame;
import io.qnet.FrameFilter;
import io.qnet.HubPort;
import io.qnet.Network;
import io.qnet.NetworkInfo.FilterInfo;
import io.qnet.Nic;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Filters as objects: between two NICs on a hub, at the ports "a" and "b", in virtual time. */
@Timeout(60)
class ObjectFilterTest {
    @TempDir
    Path folder;

    private final List<Integer> received = new ArrayList<>();
    private final List<String> passed = new ArrayList<>();
    private Network network;
    private Nic sender;

    @BeforeEach
    void open() {
        network = Network.builder().virtualTime().open();
        network.add(HubPort.config("a", 0));
        network.add(HubPort.config("b", 0));
        sender = network.add(Nic.config());
        Nic receiver = network.add(Nic.config());
        network.connect(sender, Objects.requireNonNull(network.endpoint("a")));
        network.connect(receiver, Objects.requireNonNull(network.endpoint("b")));
        receiver.onFrame(frame -> received.add((int) frame.head().getByte(frame.headIndex() + 14)));
        network.poll();
    }

    @AfterEach
    void close() {
        assertThat(network.loop().counters().value("task.failed")).isZero();
        network.close();
    }

    private void send(int... numbers) {
        for (int number : numbers) {
            sender.send(ByteBuffer.allocate(60).put(14, (byte) number).array());
        }
        network.poll();
    }

    private void after(long micros) {
        network.advance(TimeUnit.MICROSECONDS.toNanos(micros));
        network.poll();
    }

    private FilterInfo filter(String netdev, String id) {
        return Objects.requireNonNull(network.info().endpoint(netdev)).filters().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void filtersStandWhereTheyWereToldAndFramesMeetThemInQemusOrder() {
        network.addFilter("f2", FilterPlace.at("a"), new Noting("f2"));
        network.addFilter("f1", FilterPlace.at("a").head(), new Noting("f1"));
        network.addFilter("f4", FilterPlace.at("a"), new Noting("f4"));
        network.addFilter("f3", FilterPlace.at("a").behind("f2"), new Noting("f3"));
        network.addFilter("f0", FilterPlace.at("a").before("f1"), new Noting("f0"));
        network.addFilter("g1", FilterPlace.at("b"), new Noting("g1"));
        network.addFilter("g2", FilterPlace.at("b"), new Noting("g2"));

        send(1);

        // the NIC has no filter: to the hub port a, whose chain is met from its tail; the hub repeats by b, from its
        // head
        assertThat(passed).containsExactly("f4 RX", "f3 RX", "f2 RX", "f1 RX", "f0 RX", "g1 TX", "g2 TX");
        assertThat(received).containsExactly(1);
    }

    @ParameterizedTest
    @CsvSource({"rx, 1", "tx, 0", "all, 1"})
    void queueIsTheDirectionSeenFromTheNetdev(String queue, int records) throws Exception {
        Path file = folder.resolve("d.pcap");
        network.addObject("filter-dump,id=d,netdev=a,maxlen=20,queue=" + queue + ",file=" + file);
        send(7);
        network.removeFilter("d");
        network.poll();
        assertThat(Files.size(file)).isEqualTo(24 + records * (16 + 20));
        assertThat(received).containsExactly(7);
    }

    @Test
    void infoNetworkShowsAFilterAsQemuDoes() {
        network.addObject("filter-dump,id=d,netdev=a,file=" + folder.resolve("d.pcap"));
        network.addObject("filter-buffer,id=b,netdev=a,interval=1000,status=off,queue=tx,position=id=d,insert=before");
        network.addObject("filter-netem,id=n,netdev=b,loss=1%,delay=20ms");
        network.addObject("filter-replay,id=r,netdev=b");

        assertThat(text("a", "b"))
                .isEqualTo("filter-buffer,interval=1000,position=id=d,status=off,insert=before,netdev=a,queue=tx");
        assertThat(text("a", "d"))
                .isEqualTo("filter-dump,file=" + folder.resolve("d.pcap")
                        + ",maxlen=65536,position=tail,status=on,insert=behind,netdev=a,queue=all");
        assertThat(text("b", "n")).startsWith("filter-netem,loss=0.01,delay=20000us,position=tail,");
        assertThat(text("b", "r")).startsWith("filter-replay,position=tail,");
    }

    private String text(String netdev, String id) {
        FilterInfo filter = filter(netdev, id);
        return filter.type() + filter.info();
    }

    @Test
    void aBufferLetsGoTogetherAtEveryInterval() {
        network.addObject("filter-buffer,id=b,netdev=a,interval=300000");
        send(1, 2);
        after(299_999);
        send(3);
        assertThat(received).isEmpty();
        after(1);
        assertThat(received).containsExactly(1, 2, 3);
        send(4);
        after(299_999);
        assertThat(received).hasSize(3);
        after(1);
        assertThat(received).containsExactly(1, 2, 3, 4);
        assertThat(filter("a", "b").counters()).containsEntry("held", 4L);
    }

    @Test
    void aBufferThatIsSwitchedOffOrTakenAwayLetsGoAtOnce() {
        network.addObject("filter-buffer,id=b,netdev=a,interval=300000");
        send(1);
        network.changeObject("b", "status", "off");
        assertThat(received).containsExactly(1);
        send(2);
        assertThat(received).containsExactly(1, 2);
        network.changeObject("b", "status", "on");
        network.changeObject("b", "interval", "1000");
        send(3);
        assertThat(received).containsExactly(1, 2);
        network.removeFilter("b");
        assertThat(received).containsExactly(1, 2, 3);
    }

    @Test
    void aBufferIsBounded() {
        network.addObject("filter-buffer,id=b,netdev=a,interval=1000000");
        byte[] large = new byte[65_536];
        for (int i = 0; i < FrameBuffer.MAX_HELD_BYTES / large.length + 3; i++) {
            assertThat(sender.send(large)).isTrue();
            network.poll();
        }
        assertThat(filter("a", "b").counters()).containsEntry("drop.held", 3L);
    }

    @Test
    void aBadLineIsMadeBetterWhileItIsAtWork() {
        network.addObject(Map.of("qom-type", "filter-netem", "id", "n", "netdev", "a", "loss", "100%"));
        send(1);
        network.changeObject("n", "loss", "0");
        send(2);
        assertThat(received).containsExactly(2);
        network.changeObject("n", "delay", "5ms");
        send(3);
        assertThat(received).containsExactly(2);
        after(5_000);
        assertThat(received).containsExactly(2, 3);
        assertThat(filter("a", "n").counters()).containsEntry("drop.lost", 1L);
        assertThatThrownBy(() -> network.changeObject("n", "seed", "1"))
                .hasMessage("Property 'filter-netem.seed' is not writable");
        assertThatThrownBy(() -> network.changeObject("n", "loss", "much"))
                .hasMessage("Parameter 'loss' expects a fraction such as 0.01 or 1%");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "filter-dump,id=x,netdev=a | Parameter 'file' is missing",
                "filter-dump,id=x,netdev=a,file=/nowhere/x | net dump: can't open /nowhere/x: No such file or directory",
                "filter-dump,id=x,netdev=a,file=x,maxlen=0 | Property 'filter-dump.maxlen' doesn't take value '0'",
                "filter-buffer,id=x,netdev=a | Parameter 'interval' is missing",
                "filter-buffer,id=x,netdev=a,interval=0 | Property 'filter-buffer.interval' requires a positive value",
                "filter-buffer,id=x,netdev=zz,interval=1 | Parameter 'netdev' expects a network backend id",
                "filter-buffer,id=x,netdev=e1000.0,interval=1 | Parameter 'netdev' expects a network backend id",
                "filter-buffer,id=x,netdev=a,interval=1,status=maybe | Invalid value for netfilter status, should be 'on' or 'off'",
                "filter-buffer,id=x,netdev=a,interval=1,position=middle | Parameter 'position' expects 'head', 'tail' or 'id=<id>'",
                "filter-buffer,id=x,netdev=a,interval=1,position=id=nn | filter 'nn' not found",
                "filter-buffer,id=x,netdev=a,interval=1,position=id=fb | filter 'x' belongs to a different netdev",
                "filter-buffer,id=x,netdev=a,interval=1,queue=both | Parameter 'queue' does not accept value 'both'",
                "filter-buffer,id=fb,netdev=a,interval=1 | attempt to add duplicate property 'fb' to object (type 'container')",
                "filter-nosuch,id=x,netdev=a | Parameter 'qom-type' does not accept value 'filter-nosuch'",
                "filter-buffer,netdev=a,interval=1 | Parameter 'id' is missing",
            })
    void refusalsHaveQemusWords(String object, String message) {
        network.addObject("filter-buffer,id=fb,netdev=b,interval=1");
        assertThatThrownBy(() -> network.addObject(object)).hasMessage(message);
        assertThat(network.info().endpoint("a"))
                .satisfies(a -> assertThat(a.filters()).isEmpty());
    }

    @Test
    void changesOfWhatIsNotThereHaveQemusWords() {
        network.addObject("filter-buffer,id=b,netdev=a,interval=1");
        assertThatThrownBy(() -> network.changeObject("zz", "status", "on")).hasMessage("object 'zz' not found");
        assertThatThrownBy(() -> network.changeObject("b", "foo", "1"))
                .hasMessage("Property 'filter-buffer.foo' not found");
        assertThatThrownBy(() -> network.changeObject("b", "status", "maybe"))
                .hasMessage("Invalid value for netfilter status, should be 'on' or 'off'");
        assertThatThrownBy(() -> network.changeObject("b", "interval", "0"))
                .hasMessage("Property 'filter-buffer.interval' requires a positive value");
    }

    @Test
    void aFilterGoesWithItsNetdev() {
        network.addObject("filter-buffer,id=b,netdev=a,interval=1000");
        send(1);
        network.delete("a");
        assertThatThrownBy(() -> network.removeFilter("b")).hasMessage("object 'b' not found");
        network.addObject("filter-buffer,id=b,netdev=b,interval=1000");
    }

    @Test
    void theDumpOfOldRecordsEachFrameOfItsVlanOnce() throws Exception {
        Path file = folder.resolve("vlan.pcap");
        try (Network old = Network.builder()
                .virtualTime()
                .parse("-net", "nic,vlan=3", "-net", "nic,vlan=3", "-net", "dump,vlan=3,len=100,file=" + file)) {
            old.endpoints(Nic.class).get(0).send(new byte[60]);
            old.endpoints(Nic.class).get(1).send(new byte[200]);
            old.poll();
            assertThat(old.info().toText()).contains("type=dump,dump to " + file + " (len=100)\n");
        }
        ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(pcap.getInt(16)).isEqualTo(100);
        assertThat(pcap.getInt(24 + 12)).isEqualTo(60);
        assertThat(pcap.getInt(24 + 16 + 60 + 8)).isEqualTo(100);
        assertThat(pcap.getInt(24 + 16 + 60 + 12)).isEqualTo(200);
        assertThat(pcap.capacity()).isEqualTo(24 + 16 + 60 + 16 + 100);
    }

    /** Notes what passes. */
    private final class Noting implements FrameFilter {
        private final String name;

        Noting(String name) {
            this.name = name;
        }

        @Override
        public String type() {
            return "filter-noting";
        }

        @Override
        public boolean filter(Frame frame, Direction direction, Passage onward) {
            passed.add(name + " " + direction);
            return true;
        }
    }
}
