package io.qnet.cli;

import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The text of {@code qnet --help}. */
final class Usage {
    private Usage() {}

    static void print(PrintStream out) {
        new CommandLine(spec()).usage(out, Ansi.OFF);
    }

    private static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("qnet");
        spec.parser().separator(" ");
        spec.addOption(
                        option(
                                "-netdev",
                                "TYPE,id=ID[,OPTION=VALUE...]",
                                "A back end: user, tap, socket, stream, dgram, l2tpv3, vde, hubport. The options: docs/options.md."))
                .addOption(option(
                        "-net",
                        "TYPE[,vlan=N][,OPTION=VALUE...]",
                        "A NIC or a back end on hub N (0 if not said): nic, user, tap, socket, l2tpv3, vde, dump."))
                .addOption(option("-nic", "TYPE[,OPTION=VALUE...]", "A NIC and a back end, joined directly."))
                .addOption(
                        option(
                                "-object",
                                "filter-TYPE,id=ID,netdev=ID[,OPTION=VALUE...]",
                                "A filter at a netdev: filter-dump (pcap), -buffer, -mirror, -redirector, -netem (a bad line)."))
                .addOption(option(
                        "-chardev",
                        "socket|file|null,id=ID[,OPTION=VALUE...]",
                        "Where mirrors and redirectors send frames to, or with -mon chardev=ID a monitor."))
                .addOption(option("-mon", "chardev=ID[,mode=readline|control]", "A monitor at a character device."))
                .addOption(option(
                        "-monitor",
                        "stdio|unix:PATH|tcp:HOST:PORT[,server=on,wait=off]|null",
                        "QEMU's monitor for people and scripts: info network, hostfwd_add, set_link..."))
                .addOption(option("-qmp", "as -monitor", "QEMU's monitor for programs. See docs/monitors.md."))
                .addOption(option("-transport", "epoll|nio", "How sockets are waited for; epoll where there is one."))
                .addOption(
                        OptionSpec.builder("--help").description("This text.").build())
                .addOption(OptionSpec.builder("--version")
                        .description("The version.")
                        .build());
        UsageMessageSpec usage = spec.usageMessage();
        usage.customSynopsis(
                "qnet demo", "       qnet [-netdev ...] [-net ...] [-nic ...] [-object ...] [-monitor ...] [-qmp ...]");
        usage.description(
                "",
                "QEMU's networking as a program: user networks, sockets and hubs, with QEMU's own options.",
                "",
                "  qnet demo   shows the main job in about ten seconds, without privileges or other software.",
                "",
                "Without a network option: -net nic -net user. A NIC (-net nic) is a fake guest that takes a lease and",
                "answers ping. Runs until SIGINT or SIGTERM.",
                "");
        usage.width(110);
        usage.sortOptions(false);
        usage.footer(
                "",
                "A user network for a QEMU guest, over a unix socket:",
                "  qnet -netdev user,id=u0,hostfwd=tcp:127.0.0.1:2222-:22 \\",
                "       -netdev stream,id=s0,server=on,addr.type=unix,addr.path=/tmp/qnet.sock \\",
                "       -netdev hubport,id=h0,hubid=0,netdev=u0 -netdev hubport,id=h1,hubid=0,netdev=s0",
                "  qemu-system-x86_64 ... -netdev stream,id=n0,server=off,addr.type=unix,addr.path=/tmp/qnet.sock \\",
                "       -device virtio-net-pci,netdev=n0");
        return spec;
    }

    private static OptionSpec option(String name, String value, String description) {
        return OptionSpec.builder(name)
                .arity("1")
                .type(String[].class)
                .paramLabel(value)
                .description(description)
                .build();
    }
}
