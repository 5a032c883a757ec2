package io.qnet.cli.demo;

import io.qnet.Hub;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.slirp.UserNetdev;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestViolationError;
import io.qnet.testkit.Lease;
import io.qnet.testkit.PingReply;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The main job on one page: two fake guests on a hub with a user netdev get leases, ping, resolve a name, move 64 MiB each way, and serve a page to the host. All traffic stays inside the process and on
 * loopback.
 */
public final class Demo {
    private static final long FILE_BYTES = 64L << 20;
    private static final String GATEWAY = "10.0.2.2";
    private static final String NAME = "www.demo.test";
    private static final String NAME_ADDRESS = "192.0.2.80";

    private final DemoReport report;
    private final PrintStream err;

    private Demo(PrintStream out, PrintStream err) {
        report = new DemoReport(out, Boolean.getBoolean("qnet.terminal"));
        this.err = err;
    }

    /** Runs the demo; answers the exit status: 0, or 1 if a step failed. */
    public static int run(List<String> args, PrintStream out, PrintStream err) {
        if (!args.isEmpty()) {
            err.println("qnet: demo takes no arguments: '" + args.get(0) + "'");
            return 1;
        }
        return new Demo(out, err).run();
    }

    private int run() {
        report.say(
                "qnet demo: two guests on one hub with a user network, all of it in this process; no privileges needed");
        report.say("");
        try (DemoWebServer web = new DemoWebServer(FILE_BYTES);
                DemoNameServer names = new DemoNameServer(NAME, InetAddress.getByName(NAME_ADDRESS));
                Network network = Network.builder().name("demo").open()) {
            show(network, web, names);
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return fail(e);
        } catch (Exception | GuestViolationError e) {
            return fail(e);
        }
    }

    private int fail(Throwable e) {
        err.println("qnet: demo: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
        return 1;
    }

    private void show(Network network, DemoWebServer web, DemoNameServer names) throws Exception {
        Hub lan = network.hub(0);
        UserNetdev user = lan.add(
                UserNetdev.config("u0").dnsUpstream("127.0.0.1:" + names.port()).hostForward("tcp:127.0.0.1:0-:80"));
        Nic nic1 = lan.add(Nic.config());
        Nic nic2 = lan.add(Nic.config());
        DemoCapture capture = DemoCapture.start(network, user.id());
        try (FakeGuest guest1 = FakeGuest.builder().name("guest 1").on(network, nic1);
                FakeGuest guest2 = FakeGuest.builder().name("guest 2").on(network, nic2)) {
            basics(guest1, guest2);
            bulk(guest1, web);
            serve(guest1, user);
        }
        report.table();
        report.say("");
        report.say(capture.finish());
    }

    private void basics(FakeGuest guest1, FakeGuest guest2) throws Exception {
        report.step("guest 1 asks for a lease (DHCP)", () -> text(guest1.dhcp()));
        report.step("guest 2 asks for a lease (DHCP)", () -> text(guest2.dhcp()));
        report.step("guest 1 pings guest 2", () -> text(guest1.ping(addressOf(guest2))));
        report.step("guest 1 pings the gateway", () -> text(guest1.ping(GATEWAY)));
        report.step("guest 1 resolves " + NAME, () -> {
            String address = guest1.resolve(NAME).get(0).getHostAddress();
            if (!address.equals(NAME_ADDRESS)) {
                throw new IOException(NAME + " is " + address + " instead of " + NAME_ADDRESS);
            }
            return address;
        });
    }

    private void bulk(FakeGuest guest, DemoWebServer web) throws Exception {
        String digest = web.digest();
        report.transfer("guest 1 downloads 64 MiB (HTTP)", FILE_BYTES, progress -> {
            check(digest, DemoWebClient.get(guest, GATEWAY, web.port(), FILE_BYTES, progress));
            return "SHA-256 agrees";
        });
        report.transfer("guest 1 uploads 64 MiB (HTTP)", FILE_BYTES, progress -> {
            check(digest, DemoWebClient.put(guest, GATEWAY, web.port(), web.block(), FILE_BYTES, progress));
            return "SHA-256 agrees";
        });
    }

    private void serve(FakeGuest guest, UserNetdev user) throws Exception {
        String page = "Hello from a guest\n";
        GuestListener listener = guest.listen(80);
        Thread server = new Thread(() -> DemoWebClient.answer(listener.accept(), page), "demo-guest-web");
        server.setDaemon(true);
        server.start();
        int port = ((InetSocketAddress) user.forwards().get(0).listen()).getPort();
        report.step("the host reads guest 1's page ", () -> {
            URI uri = URI.create("http://127.0.0.1:" + port + "/");
            HttpResponse<String> answer = HttpClient.newBuilder()
                    .connectTimeout(Duration.ofSeconds(10))
                    .build()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            if (!answer.body().equals(page)) {
                throw new IOException("the page is '" + answer.body() + "'");
            }
            return uri + " says \"" + answer.body().strip() + "\"";
        });
        listener.close();
    }

    private static String addressOf(FakeGuest guest) throws IOException {
        InetAddress address = guest.address();
        if (address == null) {
            throw new IOException(guest.name() + " has no address");
        }
        return address.getHostAddress();
    }

    private static void check(String expected, String actual) throws IOException {
        if (!expected.equals(actual)) {
            throw new IOException("SHA-256 is " + actual + " instead of " + expected);
        }
    }

    private static String text(Lease lease) {
        return lease + ", " + lease.time().toHours() + " h";
    }

    private static String text(PingReply reply) {
        return String.format(
                Locale.ROOT,
                "%d bytes from %s, ttl %d, %.3f ms",
                reply.bytes(),
                reply.from().getHostAddress(),
                reply.ttl(),
                reply.time().toNanos() / 1e6);
    }
}
