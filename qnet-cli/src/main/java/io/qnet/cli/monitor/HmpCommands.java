package io.qnet.cli.monitor;

import io.qnet.NetdevException;
import io.qnet.option.OptionException;
import io.qnet.slirp.UserNetdev;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands of the human monitor that do something (QEMU: hmp-commands.hx, net/net-hmp-cmds.c, net/slirp.c). */
final class HmpCommands {
    private final Machine machine;
    private final Devices devices;

    HmpCommands(Machine machine) {
        this.machine = machine;
        devices = new Devices(machine);
    }

    List<HmpCommand> all() {
        return List.of(
                HmpCommand.of(
                        "hostfwd_add",
                        "arg1:s,arg2:s?,arg3:s?",
                        "[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
                        "redirect TCP or UDP connections from host to guest (requires -net user)",
                        this::hostForwardAdd),
                HmpCommand.of(
                        "hostfwd_remove",
                        "arg1:s,arg2:s?,arg3:s?",
                        "[netdev_id] [tcp|udp]:[hostaddr]:hostport",
                        "remove host-to-guest TCP or UDP redirection",
                        this::hostForwardRemove),
                HmpCommand.of(
                        "netdev_add",
                        "netdev:s?",
                        "[user|tap|socket|stream|dgram|vde|bridge|hubport|l2tpv3],id=str[,prop=value][,...]",
                        "add host network device",
                        this::netdevAdd),
                HmpCommand.of(
                        "netdev_del",
                        "id:s",
                        "id",
                        "remove host network device",
                        each -> silent(() -> machine.network().delete(each.get("id")))),
                HmpCommand.of(
                        "device_add",
                        "device:s",
                        "driver[,prop=value][,...]",
                        "add device, like -device on the command line",
                        each -> silent(() -> devices.add(each.get("device")))),
                HmpCommand.of(
                        "device_del",
                        "id:s",
                        "device",
                        "remove device",
                        each -> silent(() -> devices.remove(each.get("id")))),
                HmpCommand.of(
                        "set_link",
                        "name:s,up:b",
                        "name on|off",
                        "change the link status of a network adapter",
                        each -> silent(() -> machine.network()
                                .setLink(each.get("name"), each.get("up").equals("on")))),
                HmpCommand.of(
                        "object_add",
                        "object:S",
                        "[qom-type=]type,id=str[,prop=value][,...]",
                        "create QOM object",
                        each -> silent(() -> machine.network().addObject(each.get("object")))),
                HmpCommand.of(
                        "object_del",
                        "id:s",
                        "id",
                        "destroy QOM object",
                        each -> silent(() -> machine.network().removeFilter(each.get("id")))),
                HmpCommand.of(
                        "qom-set",
                        "path:s,property:s,value:S",
                        "path property value",
                        "set QOM property.",
                        each -> silent(() -> Objects.set(
                                machine.network(), each.get("path"), each.get("property"), each.get("value")))),
                HmpCommand.of(
                        "stop|s",
                        "",
                        "",
                        "stop emulation",
                        each -> silent(() -> machine.network().pause())),
                HmpCommand.of(
                        "cont|c",
                        "",
                        "",
                        "resume emulation",
                        each -> silent(() -> machine.network().resume())),
                HmpCommand.of("quit|q", "", "", "quit the emulator", each -> silent(machine::quit)));
    }

    private static String silent(Runnable action) {
        action.run();
        return "";
    }

    /** QEMU reads netdev options before the command begins, and then has other words for a name that is bad or taken. */
    private String netdevAdd(HmpArguments arguments) {
        String netdev = arguments.find("netdev");
        try {
            return silent(() -> machine.network().addNetdev(netdev == null ? "" : netdev));
        } catch (OptionException e) {
            if (!"id".equals(e.option()) || e.hints().isEmpty()) {
                throw e;
            }
            return e.getMessage() + "\n" + String.join("\n", e.hints()) + "\n" + Hmp.tryHelp("netdev_add");
        } catch (NetdevException e) {
            if (!String.valueOf(e.getMessage()).startsWith("Duplicate ID")) {
                throw e;
            }
            return e.getMessage() + " for netdev\n" + Hmp.tryHelp("netdev_add");
        }
    }

    private String hostForwardAdd(HmpArguments arguments) {
        try {
            user(arguments).hostForwardAdd(rule(arguments));
            return "";
        } catch (OptionException | NetdevException e) {
            return e.getMessage() + "\n";
        }
    }

    private String hostForwardRemove(HmpArguments arguments) {
        try {
            String rule = rule(arguments);
            boolean removed = user(arguments).hostForwardRemove(rule);
            return "host forwarding rule for " + rule + (removed ? " removed\n" : " not found\n");
        } catch (OptionException | NetdevException e) {
            return e.getMessage() + "\n";
        }
    }

    /** The last of one to three words: before it stand a netdev's name, or (QEMU up to 4.2) a hub's number and a netdev's name. */
    private static String rule(HmpArguments arguments) {
        String rule = null;
        for (String each : List.of("arg1", "arg2", "arg3")) {
            @Nullable String word = arguments.find(each);
            rule = word == null ? rule : word;
        }
        return rule == null ? "" : rule;
    }

    private UserNetdev user(HmpArguments arguments) {
        if (arguments.find("arg3") != null) {
            return Users.find(machine.network(), arguments.get("arg1"), arguments.get("arg2"));
        }
        return Users.find(machine.network(), arguments.find("arg2") == null ? null : arguments.get("arg1"));
    }
}
