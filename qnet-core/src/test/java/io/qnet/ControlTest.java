package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetworkInfo.EndpointInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The control operations that monitors stand on, with QEMU's answers. */
class ControlTest extends CoreFixture {
    @Test
    void infoNetworkIsQemus() {
        network.hub(0).add(Nic.config());
        network.hub(0).add(Probe.config("#net136"));
        assertThat(network.info().toText()).isEqualTo("""
                        hub 0
                         \\ hub0port1: #net136: index=0,type=user,probe
                         \\ hub0port0: e1000.0: index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:56
                        """);
    }

    @Test
    void infoNetworkOfCablesHubsAndPeerlessClients() {
        network.hub(5);
        network.add(Probe.config("n1"));
        network.add(Probe.config("n2"));
        Nic nic = network.add(Nic.config().model("virtio-net-pci"));
        network.connect(nic, network.endpoint("n1"));
        network.add(HubPort.config("h0", 0).netdev("n2"));
        network.add(HubPort.config("h1", 0));
        network.add(Probe.config("n3"));
        network.addFilter("f0", "n3", new Tagging(), null);
        assertThat(network.info().toText()).isEqualTo("""
                        hub 0
                         \\ h1
                         \\ h0: n2: index=0,type=user,probe
                        hub 5
                        virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56
                         \\ n1: index=0,type=user,probe
                        n3: index=0,type=user,probe
                        filters:
                          - f0: type=filter-tagging,tag=1,position=tail,status=on,insert=behind,netdev=n3,queue=all
                        """);
    }

    @Test
    void infoHasCounters() {
        Probe one = onHub("one");
        onHub("other");
        one.send(1);
        EndpointInfo port = network.info().endpoint("hub0port0");
        assertThat(port.hub()).isZero();
        assertThat(port.peer()).isEqualTo("one");
        assertThat(port.counters()).containsEntry("in.frames", 1L).containsEntry("in.bytes", 18L);
        assertThat(network.info().endpoint("nobody")).isNull();
    }

    @Test
    void warningsAreQemusInItsOrder() {
        network.hub(0).add(Nic.config());
        network.hub(1).add(Probe.config("u1"));
        network.add(HubPort.config("h2", 2));
        network.add(Probe.config("n1"));
        network.add(Nic.config());
        assertThat(network.warnings())
                .containsExactly(
                        "hub port h2 has no peer",
                        "hub 1 with no nics",
                        "hub 0 is not connected to host network",
                        "netdev h2 has no peer",
                        "netdev n1 has no peer",
                        "nic e1000.1 has no peer");
    }

    @Test
    void macsAreGivenAsQemuDoes() {
        List<String> macs = new ArrayList<>();
        for (NicConfig config : List.of(
                Nic.config(),
                Nic.config(),
                Nic.config().mac("52:54:00:12:34:57"),
                Nic.config(),
                Nic.config().mac("0"))) {
            macs.add(network.add(config).mac().toString().substring(15));
        }
        assertThat(macs).containsExactly("56", "57", "57", "58", "59");
        network.remove(network.endpoint("e1000.0"));
        assertThat(network.add(Nic.config()).mac()).hasToString("52:54:00:12:34:56");
        network.remove(network.endpoint("e1000.1"));
        assertThat(network.add(Nic.config()).mac())
                .as("the other 57 is still there")
                .hasToString("52:54:00:12:34:5a");
    }

    @Test
    void macsRunOut() {
        for (int last = 0x56; last <= 0xfe; last++) {
            network.add(Nic.config());
        }
        assertThat(network.add(Nic.config()).mac()).hasToString("52:54:00:12:34:ff");
        assertThat(network.add(Nic.config()).mac()).hasToString("52:54:00:12:34:ff");
    }

    @Test
    void namesAreUnique() {
        network.add(Probe.config("n1"));
        assertThatThrownBy(() -> network.add(Probe.config("n1")))
                .isInstanceOf(NetdevException.class)
                .hasMessage("Duplicate ID 'n1'");
        assertThatThrownBy(() -> network.hub(0).add(Probe.config("n1"))).hasMessage("Duplicate ID 'n1'");
        assertThat(network.info().hubs().get(0).ports())
                .as("nothing is left behind")
                .isEmpty();
    }

    @Test
    void deletingIsQemusNetdevDel() {
        network.add(Probe.config("n1"));
        network.hub(0).add(Probe.config("#net1"));
        network.markLegacy("#net1");
        Nic nic = network.add(Nic.config());
        assertThatThrownBy(() -> network.delete("zz"))
                .isInstanceOf(NetdevException.class)
                .hasMessage("Device 'zz' not found");
        assertThatThrownBy(() -> network.delete(nic.id())).hasMessage("Device 'e1000.0' not found");
        assertThatThrownBy(() -> network.delete("#net1")).hasMessage("Device '#net1' is not a netdev");
        assertThatThrownBy(() -> network.delete("hub0port0")).hasMessage("Device 'hub0port0' is not a netdev");
        network.delete("n1");
        assertThat(network.endpoint("n1")).isNull();
    }

    @Test
    void deletingAHubMemberLeavesItsExplicitPort() {
        Probe member = network.add(Probe.config("n1"));
        network.add(HubPort.config("ha", 0).netdev("n1"));
        network.delete("n1");
        assertThat(member.closed).isTrue();
        assertThat(network.info().toText()).isEqualTo("hub 0\n \\ ha\n");
    }

    @Test
    void theNicOfADeletedNetdevSeesItsLinkGoDownUntilAnotherIsJoined() {
        Nic nic = network.add(Nic.config());
        network.connect(nic, network.add(Probe.config("n1")));
        network.delete("n1");
        assertThat(network.info().endpoint(nic.id()).linkUp()).isFalse();
        network.connect(nic, network.add(Probe.config("n2")));
        assertThat(network.info().endpoint(nic.id()).linkUp()).isTrue();
    }

    @Test
    void setLinkOfANetdevTakesItsNicWithItButNotAHub() {
        Nic nic = network.add(Nic.config());
        network.connect(nic, network.add(Probe.config("n1")));
        network.setLink("n1", false);
        assertThat(network.info().endpoint(nic.id()).linkUp()).isFalse();
        network.setLink("n1", true);
        network.setLink(nic.id(), false);
        assertThat(network.info().endpoint("n1").linkUp()).isTrue();
        onHub("u0");
        network.setLink("u0", false);
        assertThat(network.info().endpoint("hub0port0").linkUp()).isTrue();
        assertThatThrownBy(() -> network.setLink("zz", true)).hasMessage("Device 'zz' not found");
    }

    @Test
    void onePeerAPort() {
        network.add(Probe.config("n1"));
        network.add(HubPort.config("h0", 0).netdev("n1"));
        assertThatThrownBy(() -> network.add(HubPort.config("h1", 0).netdev("n1")))
                .isInstanceOf(NetdevException.class)
                .hasMessage("netdev 'n1' is already in use");
        assertThatThrownBy(() -> network.add(HubPort.config("h2", 0).netdev("nope")))
                .hasMessage("netdev 'nope' not found");
        assertThatThrownBy(() -> network.connect(network.endpoint("n1"), network.endpoint("n1")))
                .isInstanceOf(NetdevException.class);
        assertThat(network.endpoints()).extracting(Endpoint::id).containsExactly("n1", "h0");
    }

    @Test
    void aFailedOpenLeavesNothingBehind() {
        assertThatThrownBy(() -> network.hub(0).add(new Failing.Config("bad")))
                .isInstanceOf(NetdevException.class)
                .hasMessage("can't bind");
        assertThat(network.endpoints()).isEmpty();
        assertThat(Failing.closed).isEqualTo(1);
    }

    @Test
    void whatWaitsIsAddedAsynchronouslyOnTheLoop() {
        assertThatThrownBy(() -> network.add(new Slow.Config("tap0")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("addAsync()");
        CompletableFuture<Slow> added =
                network.addAsync(network.hub(0), new Slow.Config("tap0")).toCompletableFuture();
        assertThat(added).isNotDone();
        assertThatThrownBy(() -> network.add(Probe.config("tap0"))).hasMessage("Duplicate ID 'tap0'");
        Slow slow = (Slow) network.endpoint("tap0");
        slow.opening.complete(null);
        assertThat(added).isCompletedWithValue(slow);
        assertThat(slow.port().peer()).isNotNull();
    }

    @Test
    void whatFailsLaterLeavesNothingBehind() {
        CompletableFuture<Slow> added =
                network.addAsync(network.hub(0), new Slow.Config("tap0")).toCompletableFuture();
        ((Slow) network.endpoint("tap0")).opening.completeExceptionally(new NetdevException("script failed"));
        assertThatThrownBy(added::join).hasRootCauseMessage("script failed");
        assertThat(network.endpoints()).isEmpty();
    }

    @Test
    void listenersAreToldAndOneThatThrowsHarmsNobody() {
        expectedFailures = 1;
        List<String> heard = new ArrayList<>();
        network.addListener(new NetworkListener() {
            @Override
            public void onEvent(NetworkEvent event) {
                throw new IllegalStateException("a bug that a test made");
            }
        });
        network.addListener(new NetworkListener() {
            @Override
            public void onEvent(NetworkEvent event) {
                heard.add(event.name() + " " + event.endpoint() + " " + event.data());
            }

            @Override
            public void onWarning(String endpoint, String message) {
                heard.add(endpoint + ": " + message);
            }
        });
        Probe probe = probe("n1");
        probe.context().event(new NetworkEvent("NETDEV_STREAM_CONNECTED", "n1", Map.of("port", 1)));
        probe.context().warn(probe, "careful");
        assertThat(heard).containsExactly("NETDEV_STREAM_CONNECTED n1 {port=1}", "n1: careful");
    }

    /** Does nothing but show in the list. */
    private static final class Tagging implements FrameFilter {
        @Override
        public String type() {
            return "filter-tagging";
        }

        @Override
        public String info() {
            return ",tag=1";
        }

        @Override
        public boolean filter(Frame frame, Direction direction, Passage onward) {
            return true;
        }
    }

    private abstract static class Base extends Netdev implements Port.Device {
        Base(String id) {
            super(id);
        }

        @Override
        public boolean receive(Frame frame) {
            return true;
        }

        @Override
        public int takes() {
            return 0;
        }

        @Override
        public void onSendable() {}

        @Override
        public String type() {
            return "test";
        }

        @Override
        public String info() {
            return "";
        }

        @Override
        protected Port.Device device() {
            return this;
        }
    }

    private static final class Failing extends Base {
        static int closed;

        Failing(String id) {
            super(id);
        }

        @Override
        protected void open() {
            closed = 0;
            throw new NetdevException("can't bind");
        }

        @Override
        protected void close() {
            closed++;
        }

        record Config(String id) implements EndpointConfig<Failing> {
            @Override
            public Failing create() {
                return new Failing(id);
            }
        }
    }

    private static final class Slow extends Base {
        final CompletableFuture<@Nullable Void> opening = new CompletableFuture<>();

        Slow(String id) {
            super(id);
        }

        @Override
        protected void open() {}

        @Override
        protected CompletionStage<@Nullable Void> openAsync() {
            return opening;
        }

        @Override
        protected void close() {}

        record Config(String id) implements EndpointConfig<Slow> {
            @Override
            public Slow create() {
                return new Slow(id);
            }

            @Override
            public boolean mayBlock() {
                return true;
            }
        }
    }
}
