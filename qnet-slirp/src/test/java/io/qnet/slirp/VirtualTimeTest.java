package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.VirtualNetwork;
import io.qnet.testkit.host.SimulatedHost;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;

/** What dialogues with a user netdev in virtual time have in common: a network, a simulated host, guests; and that nothing is left when the netdev is gone. */
abstract class VirtualTimeTest {
    static final Duration MOMENT = Duration.ofMillis(100);

    final VirtualNetwork net = VirtualNetwork.open();
    final SimulatedHost host = net.host();
    UserNetdev user;

    @AfterEach
    void nothingIsLeft() {
        if (user != null) {
            net.network().remove(user);
            net.settle();
            assertThat(host.openCount()).as("sockets of the host").isZero();
            assertThat(host.datagramSockets()).isEmpty();
            assertThat(user.counters().value("bug.frames")).isZero();
        }
        net.close();
    }

    UserNetdev user() {
        return user(options -> options);
    }

    UserNetdev user(UnaryOperator<UserNetdevConfig> options) {
        user = net.add(options.apply(UserNetdev.config("u0")));
        return user;
    }

    /** A guest with a fixed address. */
    FakeGuest guest() {
        return net.guest("guest").address("10.0.2.15", 24, "10.0.2.2");
    }

    /** Forgets that a guest was answered what its own stack has not asked, but frames written by hand have. */
    static void forgetUnaskedEchoes(FakeGuest guest) {
        assertThat(guest.violations()).allMatch(text -> text.startsWith("echo reply for identifier"));
        guest.forgetViolations();
    }

    long count(String counter) {
        return user.counters().value(counter);
    }

    /** The frames that a guest received since it was last asked. */
    static List<byte[]> received(FakeGuest guest) {
        List<byte[]> frames = guest.frames().received();
        guest.frames().clear();
        return frames;
    }

    /** An IPv6 address as frames' assertions write it. */
    static String address(String text) {
        return address6(text).getHostAddress();
    }

    static Inet6Address address6(String text) {
        return (Inet6Address) at(text, 0).getAddress();
    }

    static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(address, port);
    }
}
