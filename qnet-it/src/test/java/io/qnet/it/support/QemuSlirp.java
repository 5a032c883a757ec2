package io.qnet.it.support;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * QEMU without a machine: its own libslirp on a hub with whatever joins it. The oracle that qnet is compared with, and
 * a peer for tests of the other fixtures.
 */
public final class QemuSlirp implements AutoCloseable {

    private final ChildProcess qemu;

    private QemuSlirp(ChildProcess qemu) {
        this.qemu = qemu;
    }

    /** Starts it with QEMU's network options, the same as those of {@code ./qnet}. */
    public static QemuSlirp start(List<String> network) {
        return new QemuSlirp(ChildProcess.start("QEMU's libslirp", command(network)));
    }

    /** The same in a mount namespace of its own, where /etc/resolv.conf names one server alone. Needs root. */
    public static QemuSlirp start(List<String> network, ResolvConf resolver) {
        return new QemuSlirp(ChildProcess.start("QEMU's libslirp", resolver.wrap(command(network))));
    }

    private static List<String> command(List<String> network) {
        List<String> command = new ArrayList<>(List.of(
                Commands.require("qemu-system-x86_64").toString(), "-M", "none", "-nodefaults", "-display", "none"));
        command.addAll(network);
        return command;
    }

    /** The program itself. */
    public ChildProcess process() {
        return qemu;
    }

    @Override
    public void close() {
        qemu.close();
    }

    /** QEMU's options for a user netdev and a listening unix stream socket on one hub. */
    public static List<String> userOnUnixSocket(String userOptions, Path socket) {
        return List.of(
                "-netdev",
                "user,id=u0" + userOptions,
                "-netdev",
                "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=u0",
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=s0");
    }
}
