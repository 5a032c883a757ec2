package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.Network;
import io.qnet.Nic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The same guests on a network with a thread of its own and on one that its caller drives. */
@CheckLeaks
@Timeout(60)
class NetworkModesTest {
    @Test
    void onAThreadOfItsOwn() throws Exception {
        try (Network net = Network.builder().name("kit-own").open()) {
            FakeGuest one = FakeGuest.on(net, net.hub(0).add(Nic.config())).address("10.0.0.1", 24);
            FakeGuest two = FakeGuest.on(net, net.hub(0).add(Nic.config())).address("10.0.0.2", 24);
            story(one, two);
            inThreads(one, two);
            one.close();
            two.close();
        }
    }

    @Test
    void drivenByTheCaller() {
        try (Network net = Network.builder().name("kit-manual").manual().open()) {
            FakeGuest one = FakeGuest.on(net, net.hub(0).add(Nic.config())).address("10.0.0.1", 24);
            FakeGuest two = FakeGuest.on(net, net.hub(0).add(Nic.config())).address("10.0.0.2", 24);
            story(one, two);
            one.close();
            two.close();
        }
    }

    @Test
    void whatDoesNotComeTimesOut() {
        try (Network net = Network.builder().name("kit-late").open()) {
            Nic nic = net.hub(0).add(Nic.config());
            FakeGuest one = FakeGuest.builder().patience(Duration.ofMillis(50)).on(net, nic);
            one.address("10.0.0.1", 24);
            assertThatThrownBy(() -> one.udp(5000).receive())
                    .isInstanceOfSatisfying(
                            GuestException.class,
                            e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.TIMED_OUT));
            one.close();
        }
    }

    private static void story(FakeGuest one, FakeGuest two) {
        assertThat(one.ping("10.0.0.2").bytes()).isEqualTo(56);
        two.udp(7).echo();
        assertThat(one.udp().send("10.0.0.2", 7, "echo").receive().text()).isEqualTo("echo");
        two.serveHttp(80, "page ".repeat(100_000));
        assertThat(one.httpGet("http://10.0.0.2/").text()).isEqualTo("page ".repeat(100_000));
        assertThatThrownBy(() -> one.connect("10.0.0.2", 81)).hasMessageContaining("REFUSED");
        GuestTcp client = one.connect("10.0.0.2", 80);
        client.close();
        client.awaitClosed();
    }

    /** Both ends of one connection in blocking threads, both ways at once. */
    private static void inThreads(FakeGuest one, FakeGuest two) throws Exception {
        GuestListener listener = two.listen(90);
        CompletableFuture<byte[]> echoed = CompletableFuture.supplyAsync(() -> {
            GuestTcp server = listener.accept();
            byte[] all = server.readAll();
            server.write(all).close();
            return all;
        });
        GuestTcp client = one.connect("10.0.0.2", 90);
        byte[] text = "0123456789".repeat(300_000).getBytes(StandardCharsets.US_ASCII);
        client.write(text).shutdownOutput();
        assertThat(client.readAll()).isEqualTo(text);
        assertThat(echoed.get(20, TimeUnit.SECONDS)).isEqualTo(text);
    }
}
