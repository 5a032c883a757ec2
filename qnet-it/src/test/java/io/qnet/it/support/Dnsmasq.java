package io.qnet.it.support;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A DNS server of the test's own on the loopback interface, over UDP and TCP, which asks nobody and knows:
 *
 * <ul>
 *   <li>{@code host.test}: A {@value #ADDRESS};
 *   <li>{@code big.test}: a TXT record too large for a plain UDP answer, so that askers repeat over TCP;
 *   <li>nothing else: other names under {@code test} do not exist.
 * </ul>
 */
public final class Dnsmasq implements AutoCloseable {

    /** What {@code host.test} resolves to. */
    public static final String ADDRESS = "1.2.3.4";

    private static final int BIG_STRINGS = 6;
    private static final int BIG_STRING_LENGTH = 200;

    private final ChildProcess process;
    private final InetSocketAddress address;

    private Dnsmasq(ChildProcess process, InetSocketAddress address) {
        this.process = process;
        this.address = address;
    }

    /** Starts one on 127.0.0.1 and a free port. */
    public static Dnsmasq start() {
        return start(new InetSocketAddress("127.0.0.1", Ports.free()));
    }

    /** Starts one on the address given, which must be of 127.0.0.0/8; port 53 needs root. */
    public static Dnsmasq start(InetSocketAddress address) {
        String big = Stream.generate(() -> "x".repeat(BIG_STRING_LENGTH))
                .limit(BIG_STRINGS)
                .collect(Collectors.joining(","));
        ChildProcess process = ChildProcess.start(
                "dnsmasq",
                List.of(
                        Commands.require("dnsmasq").toString(),
                        "--no-daemon",
                        "--conf-file=/dev/null",
                        "--no-resolv",
                        "--no-hosts",
                        "--log-queries",
                        "--bind-interfaces",
                        "--listen-address=" + address.getAddress().getHostAddress(),
                        "--port=" + address.getPort(),
                        "--local=/test/",
                        "--address=/host.test/" + ADDRESS,
                        "--txt-record=big.test," + big));
        Dnsmasq dnsmasq = new Dnsmasq(process, address);
        try {
            process.awaitErr(line -> line.contains("started, version"), ChildProcess.HANG);
        } catch (AssertionError e) {
            dnsmasq.close();
            throw e;
        }
        return dnsmasq;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** The same as {@code ADDRESS:PORT}. */
    public String addressAndPort() {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    /** Waits until it was asked for a name's IPv4 address; fails if nobody asks. */
    public void awaitQuery(String name) {
        process.awaitErr(line -> line.contains("query[A] " + name), ChildProcess.HANG);
    }

    /** Whether it was asked for a name's IPv4 address. */
    public boolean hasBeenAsked(String name) {
        return process.err().stream().anyMatch(line -> line.contains("query[A] " + name));
    }

    @Override
    public void close() {
        process.close();
    }
}
