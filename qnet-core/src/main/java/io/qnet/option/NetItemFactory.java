package io.qnet.option;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes items of classic options, one at a time in the order of creation (QEMU: net/net.c, net_init_clients). */
final class NetItemFactory {
    private static final int MAX_NICS = 8;
    private static final int MAX_VECTORS = 0x7ff_ffff;
    private static final long DUMP_BYTES = 65_536;

    /** What every {@code -net} took up to QEMU 2.11. */
    private static final OptionSchema LEGACY_NET =
            OptionSchema.of("net").int32("vlan").string("name").build();

    private static final OptionSchema DUMP =
            OptionSchema.of("dump").size("len").string("file").build();

    private final NetdevReader netdevs;
    private final List<OptionWarning> warnings;
    private int nics;

    /** Makes items; what is accepted with a warning is added to {@code warnings}. */
    NetItemFactory(NetdevReader netdevs, List<OptionWarning> warnings) {
        this.netdevs = netdevs;
        this.warnings = warnings;
    }

    /** {@code -netdev} in the classic grammar. */
    NetItem netdev(NetCommandLine.Classic classic) {
        return backend(classic.source(), new OptsReader(classic.opts()), OptionalInt.empty());
    }

    private NetItem.Backend backend(String source, OptionReader reader, OptionalInt hub) {
        try {
            return netdevs.read(source, reader, hub);
        } finally {
            reader.warnings().forEach(warning -> warnings.add(warning.at(source)));
        }
    }

    /** {@code -nic}; null for {@code -nic none}. */
    @Nullable NetItem directNic(NetCommandLine.Classic classic, Supplier<String> newId) {
        QemuOpts opts = classic.opts();
        String type = opts.get("type");
        if (type == null) {
            opts = opts.with("type", "user");
        } else if (type.equals("none")) {
            return null;
        }
        countNic("no more on-board/default NIC slots available");
        if (opts.id() == null) {
            opts = opts.withId(newId.get());
        }
        Long mac = mac(opts.get("mac"), "NIC cannot have multicast MAC address");
        NetItem.NicRequest nic = new NetItem.NicRequest(opts.get("model"), mac, null, OptionalInt.empty());
        OptionReader reader = new OptsReader(opts.without("mac").without("model"));
        NetItem.Backend backend = backend(classic.source(), reader, OptionalInt.empty());
        return new NetItem.DirectNic(classic.source(), backend.id(), backend.type(), backend.options(), nic);
    }

    /** {@code -net}; null for {@code -net none}. */
    @Nullable NetItem net(NetCommandLine.Classic classic, Supplier<String> newId) {
        QemuOpts opts = classic.opts();
        if (opts.id() == null) {
            String name = opts.get("name");
            opts = opts.withId(name != null ? name : newId.get());
        }
        OptionReader reader = new OptsReader(opts);
        int hub = reader.read(LEGACY_NET).int32("vlan", 0);
        String type = opts.get("type");
        if (type == null) {
            throw OptionException.missing("type");
        }
        return switch (type) {
            case "none" -> {
                common(reader);
                NetdevReader.options(type, NetdevSchemas.NONE, reader);
                yield null;
            }
            case "nic" -> nic(classic.source(), reader, hub);
            case "dump" -> dump(classic.source(), reader, hub);
            default -> backend(classic.source(), reader, OptionalInt.of(hub));
        };
    }

    /** Takes what every item has, and answers the id. */
    private static String common(OptionReader reader) {
        String id = reader.requiredText("id");
        reader.requiredText("type");
        return id;
    }

    /** QEMU: net_init_nic. */
    private NetItem nic(String source, OptionReader reader, int hub) {
        String id = common(reader);
        OptionValues nic = NetdevReader.options("nic", NetdevSchemas.NIC, reader);
        countNic("too many NICs");
        Long mac = mac(nic.string("macaddr"), "NIC cannot have multicast MAC address (odd 1st byte)");
        long vectors = nic.integer("vectors", -1);
        if (vectors > MAX_VECTORS) {
            throw OptionException.of("invalid # of vectors: " + vectors, "vectors", Long.toString(vectors));
        }
        OptionalInt asked = vectors < 0 ? OptionalInt.empty() : OptionalInt.of((int) vectors);
        NetItem.NicRequest request = new NetItem.NicRequest(nic.string("model"), mac, nic.string("addr"), asked);
        return new NetItem.NicDevice(source, id, request, hub, nic.string("netdev"));
    }

    /** QEMU 2.11: net/dump.c. */
    private static NetItem dump(String source, OptionReader reader, int hub) {
        String id = common(reader);
        OptionValues dump = NetdevReader.options("dump", DUMP, reader);
        String file = dump.string("file", "qemu-vlan" + hub + ".pcap");
        return new NetItem.Dump(source, id, hub, file, dump.size("len", DUMP_BYTES));
    }

    private void countNic(String refusal) {
        if (nics == MAX_NICS) {
            throw new OptionException(refusal);
        }
        nics++;
    }

    /** The address asked for; null if none was, which all zeros are too. */
    private static @Nullable Long mac(@Nullable String text, String multicastRefusal) {
        if (text == null) {
            return null;
        }
        Long mac = MacSyntax.parse(text);
        if (mac == null) {
            throw OptionException.of("invalid syntax for ethernet address", "mac", text);
        }
        if (MacSyntax.isMulticast(mac)) {
            throw OptionException.of(multicastRefusal, "mac", text);
        }
        return mac == 0 ? null : mac;
    }

    /** {@code -object}; its rules are checked when it is created, which QEMU does last of all. */
    static NetItem.FilterObject filter(String source, OptionReader reader) {
        String type = reader.requiredText("qom-type");
        OptionSchema schema = FilterSchemas.find(type);
        if (schema == null) {
            throw OptionException.notAccepted("qom-type", type, FilterSchemas.types());
        }
        String id = reader.requiredText("id");
        OptionValues options = reader.read(schema);
        reader.finish();
        return new NetItem.FilterObject(source, id, type, options);
    }
}
