package io.qnet.it.support;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of the test's own, whose loopback takes multicast. Needs root. */
public final class NetNamespace implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name;

    private NetNamespace(String name) {
        this.name = name;
    }

    /** Makes one, with the loopback up and groups led to it. */
    public static NetNamespace create() {
        String name = "qnet-it-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        ip("netns", "add", name);
        NetNamespace namespace = new NetNamespace(name);
        namespace.run("link", "set", "lo", "up", "multicast", "on");
        namespace.run("route", "add", "224.0.0.0/4", "dev", "lo");
        return namespace;
    }

    /** Adds an interface with an address in 10.9.0.0/24 and the default route by it, which leads nowhere. */
    public NetNamespace withRoute() {
        run("link", "add", "d0", "type", "veth", "peer", "name", "d1");
        run("addr", "add", "10.9.0.2/24", "dev", "d0");
        run("link", "set", "d0", "up");
        run("link", "set", "d1", "up");
        run("route", "add", "default", "via", "10.9.0.1");
        return this;
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** Passes packets on between its interfaces. */
    public NetNamespace forwarding() {
        List<String> command = new ArrayList<>(wrapper());
        command.addAll(List.of("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"));
        ChildProcess.run("sh", command);
        return this;
    }

    /**
     * Joins it to another by a cable.
     *
     * @param device the name of the cable's end here; the other end's is the same
     * @param address here, with its prefix length
     * @param otherAddress there, with its prefix length
     */
    public NetNamespace joined(String device, String address, NetNamespace other, String otherAddress, int mtu) {
        run("link", "add", device, "mtu", "" + mtu, "type", "veth", "peer", "name", device, "netns", other.name);
        run("addr", "add", address, "dev", device);
        run("link", "set", device, "up");
        other.run("link", "set", device, "mtu", "" + mtu);
        other.run("addr", "add", otherAddress, "dev", device);
        other.run("link", "set", device, "up");
        return this;
    }

    /** Adds the default route. */
    public NetNamespace defaultRoute(String gateway) {
        run("route", "add", "default", "via", gateway);
        return this;
    }

    /** Takes an interface away. */
    public void remove(String device) {
        run("link", "del", device);
    }

    /** What to put before a command so that it runs inside. */
    public List<String> wrapper() {
        return List.of(Commands.require("ip").toString(), "netns", "exec", name);
    }

    private void run(String... arguments) {
        List<String> all = new ArrayList<>(List.of("-n", name));
        all.addAll(List.of(arguments));
        ip(all.toArray(new String[0]));
    }

    private static void ip(String... arguments) {
        List<String> command = new ArrayList<>(List.of(Commands.require("ip").toString()));
        command.addAll(List.of(arguments));
        ChildProcess done = ChildProcess.run("ip", command);
        if (!done.err().isEmpty()) {
            throw new AssertionError(String.join(" ", command) + ": " + done.err());
        }
    }

    @Override
    public void close() {
        ip("netns", "del", name);
    }
}
