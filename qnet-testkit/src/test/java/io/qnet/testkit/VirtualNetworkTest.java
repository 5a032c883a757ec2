package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.loop.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@CheckLeaks
class VirtualNetworkTest {
    @Test
    void timeStandsStillUntilItIsMovedAndStopsAtEveryDeadline() {
        try (VirtualNetwork net = VirtualNetwork.open()) {
            List<Duration> fired = new ArrayList<>();
            Timer timer = new Timer() {
                @Override
                protected void onTimer(long nowNanos) {
                    fired.add(net.elapsed());
                    net.network().loop().timers().arm(this, nowNanos + 1_500_000_000L);
                }
            };
            net.network().loop().timers().arm(timer, net.network().loop().nowNanos() + 1_500_000_000L);
            net.settle();
            assertThat(fired).isEmpty();
            net.advance(Duration.ofSeconds(5));
            assertThat(fired)
                    .containsExactly(Duration.ofMillis(1500), Duration.ofMillis(3000), Duration.ofMillis(4500));
            assertThat(net.elapsed()).isEqualTo(Duration.ofSeconds(5));
            net.network().loop().timers().cancel(timer);
        }
    }

    @Test
    void anHourPassesQuickly() {
        try (VirtualNetwork net = VirtualNetwork.open()) {
            FakeGuest one = net.guest("one").address("10.0.0.1", 24);
            net.guest("two").address("10.0.0.2", 24);
            for (int minute = 0; minute < 60; minute++) {
                one.ping("10.0.0.2");
                net.advance(Duration.ofMinutes(1));
            }
            assertThat(net.elapsed()).isEqualTo(Duration.ofHours(1));
        }
    }

    @Test
    void aConditionThatNeverHoldsTellsTheSeed() {
        try (VirtualNetwork net = VirtualNetwork.open(4711)) {
            assertThatThrownBy(() -> net.runUntil(() -> false, Duration.ofSeconds(3)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("after PT3S")
                    .hasMessageContaining("-Dqnet.seed=4711");
        }
    }

    @Test
    void runsUntilNothingIsLeftToDo() {
        try (VirtualNetwork net = VirtualNetwork.open()) {
            FakeGuest one = net.guest("one").address("10.0.0.1", 24);
            FakeGuest two = net.guest("two").address("10.0.0.2", 24);
            GuestListener listener = two.listen(80);
            GuestTcp client = one.connect("10.0.0.2", 80);
            client.close();
            listener.accept().close();
            net.runUntilIdle(Duration.ofSeconds(10));
            assertThat(one.openConnections()).isZero();
            assertThat(two.openConnections()).isZero();
        }
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        assertThat(digestOfARun(1)).isEqualTo(digestOfARun(1)).isNotEqualTo(digestOfARun(2));
    }

    private static String digestOfARun(long seed) {
        try (VirtualNetwork net = VirtualNetwork.open(seed)) {
            FakeGuest one = net.guest("one").address("10.0.0.1", 24);
            FakeGuest two = net.guest("two").address("10.0.0.2", 24);
            two.serveHttp(80, "page ".repeat(50_000));
            one.ping("10.0.0.2");
            one.httpGet("http://10.0.0.2/");
            two.udp(7).echo();
            one.udp().send("10.0.0.2", 7, "echo").receive();
            net.advance(Duration.ofSeconds(10));
            return one.frames().digest() + two.frames().digest();
        }
    }
}
