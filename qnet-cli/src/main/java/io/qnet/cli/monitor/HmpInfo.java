package io.qnet.cli.monitor;

import io.qnet.NetworkInfo;
import io.qnet.NetworkInfo.EndpointInfo;
import io.qnet.slirp.UserNetdev;
import io.qnet.slirp.service.LeaseTable.Lease;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What {@code info} shows (QEMU: hmp-commands-info.hx). */
final class HmpInfo {
    private final Machine machine;
    private final Supplier<List<String>> history;

    HmpInfo(Machine machine, Supplier<List<String>> history) {
        this.machine = machine;
        this.history = history;
    }

    List<HmpCommand> all() {
        return List.of(
                info(
                        "network",
                        "show the network state",
                        () -> machine.network().info().toText()),
                info("usernet", "show user network stack connection states", this::usernet),
                info("status", "show the current VM status (running|paused)", this::status),
                info("version", "show the version of QEMU", () -> qemuVersion() + machine.version() + "\n"),
                info("history", "show the command line history", this::history),
                info("name", "show the current VM name", () -> ""),
                info("uuid", "show the current VM UUID", () -> "00000000-0000-0000-0000-000000000000\n"),
                info("kvm", "show KVM information", () -> "kvm support: not compiled\n"),
                info("leases", "show the addresses that user networks have given out", this::leases),
                info("counters", "show what passed and what was dropped, by netdev", this::counters));
    }

    private static HmpCommand info(String name, String help, Supplier<String> text) {
        return HmpCommand.of(name, "", "", help, arguments -> text.get());
    }

    static String qemuVersion() {
        return Machine.QEMU_VERSION.stream().map(String::valueOf).collect(Collectors.joining("."));
    }

    private String usernet() {
        NetworkInfo info = machine.network().info();
        StringBuilder text = new StringBuilder();
        for (UserNetdev user : machine.network().endpoints(UserNetdev.class)) {
            EndpointInfo endpoint = info.endpoint(user.id());
            Integer hub = endpoint == null ? null : endpoint.hub();
            text.append(user.usernet().toText(hub == null ? -1 : hub));
        }
        return text.toString();
    }

    private String status() {
        return "VM status: " + (machine.network().isPaused() ? "paused" : "running") + "\n";
    }

    private String history() {
        List<String> lines = history.get();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            text.append(i).append(": '").append(lines.get(i)).append("'\n");
        }
        return text.toString();
    }

    private String leases() {
        StringBuilder text = new StringBuilder();
        for (UserNetdev user : machine.network().endpoints(UserNetdev.class)) {
            text.append(user.id()).append(":\n");
            for (Lease lease : user.leases()) {
                text.append(String.format(
                        Locale.ROOT,
                        "  %-17s %-15s %d sec\n",
                        Typed.mac(lease.mac()),
                        lease.address(),
                        TimeUnit.NANOSECONDS.toSeconds(lease.remainingNanos())));
            }
        }
        return text.toString();
    }

    private String counters() {
        StringBuilder text = new StringBuilder();
        for (EndpointInfo endpoint : machine.network().info().endpoints()) {
            text.append(endpoint.name()).append(":\n");
            append(text, "", endpoint.counters());
            endpoint.filters().forEach(filter -> append(text, filter.id() + ": ", filter.counters()));
            if (machine.network().endpoint(endpoint.name()) instanceof UserNetdev user) {
                append(text, "", user.counters().snapshot());
            }
        }
        return text.toString();
    }

    /** Counters that are not zero. */
    private static void append(StringBuilder text, String prefix, Map<String, Long> counters) {
        counters.forEach((name, value) -> {
            if (value != 0) {
                text.append("  ")
                        .append(prefix)
                        .append(name)
                        .append('=')
                        .append(value)
                        .append('\n');
            }
        });
    }
}
