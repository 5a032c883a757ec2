package io.qnet.cli.monitor;

import io.qnet.Network;
import io.qnet.NetworkInfo.FilterInfo;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import io.qnet.slirp.UserNetdev;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The commands of QMP: QEMU's (qapi/net.json, misc.json, qom.json), and qnet's own under names that begin with {@code x-}. */
final class QmpCommands {
    private static final OptionSchema SET_LINK = OptionSchema.of("set_link")
            .string("name")
            .required()
            .bool("up")
            .required()
            .build();
    private static final OptionSchema NETDEV_DEL =
            OptionSchema.of("netdev_del").string("id").required().build();
    private static final OptionSchema DEVICE_DEL =
            OptionSchema.of("device_del").string("id").required().build();
    private static final OptionSchema OBJECT_DEL =
            OptionSchema.of("object-del").string("id").required().build();
    private static final OptionSchema QOM_LIST =
            OptionSchema.of("qom-list").string("path").required().build();
    private static final OptionSchema HUMAN = OptionSchema.of("human-monitor-command")
            .string("command-line")
            .required()
            .int64("cpu-index")
            .build();
    private static final OptionSchema FORWARD_ADD = OptionSchema.of("x-hostfwd-add")
            .string("netdev")
            .string("rule")
            .required()
            .build();
    private static final OptionSchema FORWARD_REMOVE = OptionSchema.of("x-hostfwd-remove")
            .string("netdev")
            .string("rule")
            .required()
            .build();

    private final Machine machine;
    private final Devices devices;
    private final Hmp hmp;
    private final Map<String, QmpCommand> commands = new LinkedHashMap<>();

    QmpCommands(Machine machine) {
        this.machine = machine;
        devices = new Devices(machine);
        hmp = new Hmp(machine);
        List<QmpCommand> all = new ArrayList<>(control());
        all.addAll(queries());
        all.forEach(each -> commands.put(each.name(), each));
    }

    @Nullable QmpCommand find(String name) {
        return commands.get(name);
    }

    private List<QmpCommand> control() {
        Network network = machine.network();
        return List.of(
                QmpCommand.plain("stop", network::pause),
                QmpCommand.plain("cont", network::resume),
                QmpCommand.plain("quit", machine::quit),
                QmpCommand.free("netdev_add", network::addNetdev),
                QmpCommand.doing(NETDEV_DEL, values -> network.delete(values.required("id"))),
                QmpCommand.free("device_add", devices::add),
                QmpCommand.doing(DEVICE_DEL, values -> devices.remove(values.required("id"))),
                QmpCommand.doing(SET_LINK, values -> network.setLink(values.required("name"), values.bool("up", true))),
                QmpCommand.free("object-add", network::addObject),
                QmpCommand.doing(OBJECT_DEL, values -> network.removeFilter(values.required("id"))),
                QmpCommand.free("qom-set", this::qomSet),
                QmpCommand.with(
                        HUMAN,
                        values -> hmp.execute(values.required("command-line")).replace("\n", "\r\n")),
                QmpCommand.with(FORWARD_ADD, this::forwardAdd),
                QmpCommand.with(FORWARD_REMOVE, this::forwardRemove));
    }

    private List<QmpCommand> queries() {
        Network network = machine.network();
        return List.of(
                QmpCommand.query("query-version", () -> version(machine)),
                QmpCommand.query("query-status", this::status),
                QmpCommand.query("query-commands", this::names),
                QmpCommand.query("query-name", Map::of),
                QmpCommand.query("query-uuid", () -> Map.of("UUID", "00000000-0000-0000-0000-000000000000")),
                QmpCommand.query("query-kvm", () -> Typed.map("enabled", false, "present", false)),
                QmpCommand.query("query-rx-filter", List::of),
                QmpCommand.with(QOM_LIST, this::qomList),
                QmpCommand.query("x-query-network", () -> Typed.network(network.info())),
                QmpCommand.query("x-query-flows", () -> Typed.flows(network)),
                QmpCommand.query("x-query-forwards", () -> Typed.forwards(network)),
                QmpCommand.query("x-query-leases", () -> Typed.leases(network)),
                QmpCommand.query("x-query-counters", () -> Typed.counters(network)));
    }

    static Map<String, Object> version(Machine machine) {
        List<Integer> version = Machine.QEMU_VERSION;
        return Typed.map(
                "qemu",
                Typed.map("micro", version.get(2), "minor", version.get(1), "major", version.get(0)),
                "package",
                machine.version());
    }

    private Object status() {
        boolean paused = machine.network().isPaused();
        return Typed.map("status", paused ? "paused" : "running", "singlestep", false, "running", !paused);
    }

    private Object names() {
        List<Object> names = new ArrayList<>();
        names.add(Map.of("name", QmpSession.CAPABILITIES));
        commands.keySet().stream().sorted().forEach(name -> names.add(Map.of("name", name)));
        return names;
    }

    /** A value of any kind, as the text that the option's own kind is read from. */
    private void qomSet(Map<String, Object> arguments) {
        Map<String, Object> left = new LinkedHashMap<>(arguments);
        Object value = left.containsKey("value") ? left.remove("value") : null;
        OptionValues names = OptionSchema.of("qom-set")
                .string("path")
                .required()
                .string("property")
                .required()
                .build()
                .read(left);
        if (!arguments.containsKey("value")) {
            throw QmpError.generic("Parameter 'value' is missing");
        }
        Objects.set(machine.network(), names.required("path"), names.required("property"), String.valueOf(value));
    }

    private Object qomList(OptionValues values) {
        String path = values.required("path");
        if (!path.equals("/objects")) {
            throw new QmpError(QmpError.DEVICE_NOT_FOUND, "Device '" + path + "' not found");
        }
        List<Object> list = new ArrayList<>();
        list.add(Typed.map("name", "type", "type", "string"));
        for (FilterInfo each : Objects.filters(machine.network())) {
            list.add(Typed.map("name", each.id(), "type", "child<" + each.type() + ">"));
        }
        return list;
    }

    private Object forwardAdd(OptionValues values) {
        UserNetdev user = Users.find(machine.network(), values.string("netdev"));
        return user.hostForwardAdd(values.required("rule")).stream()
                .map(each -> Typed.forward(user.id(), each))
                .toList();
    }

    private Object forwardRemove(OptionValues values) {
        UserNetdev user = Users.find(machine.network(), values.string("netdev"));
        String rule = values.required("rule");
        if (!user.hostForwardRemove(rule)) {
            throw QmpError.generic("host forwarding rule for " + rule + " not found");
        }
        return QmpCommand.NOTHING;
    }
}
