package io.qnet.cli.monitor;

import io.qnet.Endpoint;
import io.qnet.MacAddress;
import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.NicConfig;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import io.qnet.option.QemuOpts;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** NICs that come and go at work (QEMU: {@code device_add}, {@code device_del}). Behind each is a guest of the program's. */
final class Devices {
    private static final Set<String> MODELS = Set.of(
            "e1000",
            "e1000e",
            "i82550",
            "i82551",
            "i82557b",
            "i82559er",
            "igb",
            "ne2k_pci",
            "pcnet",
            "rtl8139",
            "virtio-net",
            "virtio-net-pci",
            "vmxnet3");

    private static final OptionSchema SCHEMA = OptionSchema.of("device_add")
            .string("driver")
            .required()
            .string("id")
            .string("netdev")
            .string("mac")
            .string("bus")
            .string("addr")
            .build();

    private final Machine machine;

    Devices(Machine machine) {
        this.machine = machine;
    }

    /** As HMP has it: {@code e1000,netdev=u0,id=nic0}. */
    void add(String argument) {
        QemuOpts opts = QemuOpts.parse(argument, "driver");
        Map<String, Object> members = new LinkedHashMap<>();
        if (opts.id() != null) {
            members.put("id", opts.id());
        }
        opts.entries().forEach(entry -> members.put(entry.name(), entry.value()));
        add(members);
    }

    /** As QMP has it. */
    void add(Map<String, Object> arguments) {
        OptionValues values = SCHEMA.read(arguments);
        String driver = values.required("driver");
        if (!MODELS.contains(driver)) {
            throw new NetdevException("'" + driver + "' is not a valid device model name");
        }
        String id = values.string("id", "");
        if (!id.isEmpty() && !QemuOpts.isIdentifier(id)) {
            throw OptionException.expects("id", id, "an identifier");
        }
        Network network = machine.network();
        if (!id.isEmpty() && network.endpoint(id) != null) {
            throw new NetdevException("Duplicate device ID '" + id + "'");
        }
        Endpoint netdev = netdev(driver, values.string("netdev"));
        NicConfig config = Nic.config().id(id).model(driver);
        Nic nic = network.add(values.has("mac") ? config.mac(mac(driver, values.string("mac", ""))) : config);
        if (netdev != null) {
            join(nic, netdev);
        }
        machine.nicAdded(nic);
    }

    /** Takes a NIC out; the netdev that it was joined to stays, without a peer. */
    void remove(String id) {
        Endpoint endpoint = machine.network().endpoint(id);
        if (!(endpoint instanceof Nic nic)) {
            throw new NetdevException("Device '" + id + "' not found");
        }
        machine.nicRemoved(nic);
        machine.network().remove(nic);
    }

    private @Nullable Endpoint netdev(String driver, @Nullable String name) {
        if (name == null) {
            return null;
        }
        Endpoint netdev = machine.network().endpoint(name);
        if (netdev == null || netdev instanceof Nic) {
            throw new NetdevException("Property '" + driver + ".netdev' can't find value '" + name + "'");
        }
        return netdev;
    }

    private void join(Nic nic, Endpoint netdev) {
        try {
            machine.network().connect(nic, netdev);
        } catch (NetdevException e) {
            machine.network().remove(nic);
            throw new NetdevException("Property '" + nic.configuration().model() + ".netdev' can't take value '"
                    + netdev.id() + "', it's in use");
        }
    }

    private static MacAddress mac(String driver, String text) {
        try {
            return MacAddress.parse(text);
        } catch (NetdevException e) {
            throw new NetdevException("Property '" + driver + ".mac' doesn't take value '" + text + "'", e);
        }
    }
}
