package io.qnet.option;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's network options, read into what is to be created and in which order.
 *
 * <pre>{@code
 * NetCommandLine line = NetCommandLine.parse(NetdevSchemas::find, "-netdev", "user,id=u0", "-net", "nic,netdev=u0");
 * for (NetItem item : line.items()) { ... }
 * }</pre>
 *
 * <p>Taken are {@code -netdev}, {@code -nic}, {@code -net}, {@code -object} and {@code -chardev} as in QEMU 7.2, and from QEMU up to 2.11 {@code vlan=N} and
 * {@code name=} on every {@code -net}, {@code -net dump}, {@code -net channel}, {@code -redir}, {@code -tftp}, {@code -bootp} and
 * {@code -smb}. With none of {@code -netdev}, {@code -nic}, {@code -net} there is {@code -net nic -net user}.
 *
 * <p>Everything is checked before anything is created: where QEMU would have created the first items before it refused the next, here
 * nothing has happened yet. Items refer to others by id; whether those exist is for the creator to say.
 */
public final class NetCommandLine {
    /** Which back ends can be created, by type. */
    @FunctionalInterface
    public interface Schemas {
        /** The schema of a type, or null if there is no provider for it. {@code hubport} and {@code nic} need none. */
        @Nullable OptionSchema find(String type);
    }

    private static final Set<String> OPTIONS =
            Set.of("-netdev", "-nic", "-net", "-object", "-chardev", "-redir", "-tftp", "-bootp", "-smb");

    private final List<NetItem> items;
    private final List<String> chardevs;
    private final List<OptionWarning> warnings;
    private final boolean defaulted;
    private final boolean helpWanted;

    private NetCommandLine(Reader reader, List<NetItem> items, boolean defaulted) {
        this.items = List.copyOf(items);
        this.chardevs = List.copyOf(reader.chardevs);
        this.warnings = List.copyOf(reader.warnings);
        this.defaulted = defaulted;
        this.helpWanted = reader.helpWanted;
    }

    /**
     * Reads a whole command line.
     *
     * @param schemas which back ends can be created
     * @param arguments options and their values in turn: {@code "-net", "nic", "-net", "user"}
     * @throws OptionException in QEMU's words; an option that is none of these is {@code invalid option}
     */
    public static NetCommandLine parse(Schemas schemas, String... arguments) {
        Reader reader = reader(schemas);
        for (int i = 0; i < arguments.length; i += 2) {
            if (!takes(arguments[i])) {
                throw new OptionException("invalid option").at(arguments[i]);
            }
            if (i + 1 == arguments.length) {
                throw new OptionException("requires an argument").at(arguments[i]);
            }
            reader.add(arguments[i], arguments[i + 1]);
        }
        return reader.finish();
    }

    /** Begins a command line that a program takes apart itself. */
    public static Reader reader(Schemas schemas) {
        return new Reader(schemas);
    }

    /** Whether this is one of the options read here ({@code -netdev} or {@code --netdev}...); each takes one argument. */
    public static boolean takes(String option) {
        return OPTIONS.contains(name(option));
    }

    private static String name(String option) {
        return option.startsWith("--") ? option.substring(1) : option;
    }

    /**
     * Reads the argument of one {@code -netdev}, as a monitor's {@code netdev_add} has it: classic, dotted or JSON.
     *
     * @throws OptionException in QEMU's words
     */
    public static NetItem.Backend readNetdev(Schemas schemas, String argument) {
        OptionReader reader = NetdevReader.isModern(argument)
                ? NetdevReader.modern(argument, "type")
                : new OptsReader(QemuOpts.parse(argument, "type"));
        return new NetdevReader(schemas).read("-netdev " + argument, reader, OptionalInt.empty());
    }

    /**
     * Reads one back end from the arguments of QMP's {@code netdev_add}.
     *
     * @param arguments the JSON object: values are Map, List, String, Boolean, Number or null
     * @throws OptionException in QEMU's words
     */
    public static NetItem.Backend readNetdev(Schemas schemas, Map<String, Object> arguments) {
        if (arguments.get("id") instanceof String id && !QemuOpts.isIdentifier(id)) {
            throw OptionException.badId(id);
        }
        return new NetdevReader(schemas).read("", TreeReader.ofJson(arguments), OptionalInt.empty());
    }

    /**
     * Reads the argument of one {@code -object}, as a monitor's {@code object_add} has it: classic or JSON.
     *
     * @throws OptionException in QEMU's words
     */
    public static NetItem.FilterObject readObject(String argument) {
        OptionReader reader = argument.startsWith("{")
                ? NetdevReader.modern(argument, "qom-type")
                : new OptsReader(QemuOpts.parse(argument, "qom-type"));
        return checked(NetItemFactory.filter("-object " + argument, reader));
    }

    /**
     * Reads one object from the arguments of QMP's {@code object-add}.
     *
     * @param arguments the JSON object: values are Map, List, String, Boolean, Number or null
     * @throws OptionException in QEMU's words
     */
    public static NetItem.FilterObject readObject(Map<String, Object> arguments) {
        return checked(NetItemFactory.filter("", TreeReader.ofJson(arguments)));
    }

    private static NetItem.FilterObject checked(NetItem.FilterObject object) {
        object.options().schema().check(object.options(), false);
        return object;
    }

    /**
     * What to create, in QEMU's order: {@code -netdev} in dotted or JSON form, other {@code -netdev}, {@code -nic}, {@code -net},
     * and last {@code -object}.
     */
    public List<NetItem> items() {
        return items;
    }

    /** The arguments of {@code -chardev}, in order; they are to be opened before the items are created. */
    public List<String> chardevs() {
        return chardevs;
    }

    /** What QEMU warns about while reading, in order. */
    public List<OptionWarning> warnings() {
        return warnings;
    }

    /** Whether the items are the default {@code -net nic -net user}; QEMU then prints no warning about the network. */
    public boolean isDefault() {
        return defaulted;
    }

    /** Whether {@code -netdev help} was given: the program lists its back ends and exits with 0. */
    public boolean helpWanted() {
        return helpWanted;
    }

    /** Takes options one by one. Not for several threads. */
    public static final class Reader {
        private final NetdevReader netdevs;
        private final NetItemFactory factory;
        private final List<NetItem> modern = new ArrayList<>();
        private final List<Classic> classicNetdevs = new ArrayList<>();
        private final List<Classic> nics = new ArrayList<>();
        private final List<Classic> nets = new ArrayList<>();
        private final List<NetItem.FilterObject> objects = new ArrayList<>();
        private final List<String> chardevs = new ArrayList<>();
        private final LegacyUser legacy = new LegacyUser();
        private final List<OptionWarning> warnings = new ArrayList<>();
        private final Set<String> ids = new HashSet<>();
        private IntSupplier idDigits = () -> ThreadLocalRandom.current().nextInt(100);
        private boolean anyNet;
        private boolean helpWanted;

        private Reader(Schemas schemas) {
            this.netdevs = new NetdevReader(schemas);
            this.factory = new NetItemFactory(netdevs, warnings);
        }

        /** Sets where the last two digits of made-up ids come from: numbers from 0 to 99. */
        public Reader idDigits(IntSupplier digits) {
            this.idDigits = digits;
            return this;
        }

        /**
         * Takes one option.
         *
         * @param option as written, such as {@code -netdev}
         * @param argument its argument
         * @throws OptionException if the argument is refused already; much is only refused by {@link #finish}, as QEMU does
         */
        public Reader add(String option, String argument) {
            String source = option + " " + argument;
            try {
                take(name(option), argument, source);
            } catch (OptionException e) {
                throw e.at(source);
            }
            return this;
        }

        /** What QEMU warns about up to here; a program prints it before a refusal too. */
        public List<OptionWarning> warnings() {
            return List.copyOf(warnings);
        }

        private void take(String option, String argument, String source) {
            switch (option) {
                case "-netdev" -> takeNetdev(argument, source);
                case "-nic" -> takeClassic(nics, "nic", argument, source);
                case "-net" -> takeNet(argument, source);
                case "-object" -> takeObject(argument, source);
                case "-chardev" -> {
                    ChardevSpec.parse(argument);
                    chardevs.add(argument);
                }
                case "-redir" -> legacy.redirect(argument);
                case "-tftp" -> legacy.tftp(argument);
                case "-bootp" -> legacy.bootp(argument);
                case "-smb" -> legacy.smb(argument);
                default -> throw new OptionException("invalid option").at(option);
            }
        }

        private void takeNetdev(String argument, String source) {
            anyNet = true;
            if (NetdevReader.isModern(argument)) {
                modern.add(netdevs.read(source, NetdevReader.modern(argument, "type"), OptionalInt.empty()));
                return;
            }
            QemuOpts opts = takeClassic(classicNetdevs, "netdev", argument, source);
            helpWanted |= NetdevReader.isHelp(opts.get("type"));
        }

        private void takeNet(String argument, String source) {
            anyNet = true;
            if (argument.startsWith("channel,")) {
                legacy.channel(argument.substring("channel,".length()));
                return;
            }
            takeClassic(nets, "net", argument, source);
        }

        private QemuOpts takeClassic(List<Classic> list, String kind, String argument, String source) {
            anyNet = true;
            QemuOpts opts = QemuOpts.parse(argument, "type");
            checkDuplicate(kind, opts.id());
            opts.warnings().forEach(warning -> warnings.add(warning.at(source)));
            list.add(new Classic(source, opts));
            return opts;
        }

        private void checkDuplicate(String kind, @Nullable String id) {
            if (id != null && !ids.add(kind + ":" + id)) {
                throw OptionException.of("Duplicate ID '" + id + "' for " + kind, "id", id);
            }
        }

        private void takeObject(String argument, String source) {
            OptionReader reader;
            if (argument.startsWith("{")) {
                reader = NetdevReader.modern(argument, "qom-type");
            } else {
                QemuOpts opts = QemuOpts.parse(argument, "qom-type");
                checkDuplicate("object", opts.id());
                opts.warnings().forEach(warning -> warnings.add(warning.at(source)));
                reader = new OptsReader(opts);
            }
            objects.add(NetItemFactory.filter(source, reader));
        }

        /**
         * Reads what is left and puts everything in order.
         *
         * @throws OptionException in QEMU's words
         */
        public NetCommandLine finish() {
            List<NetItem> items = new ArrayList<>(modern);
            if (helpWanted) {
                return new NetCommandLine(this, items, false);
            }
            if (!anyNet) {
                nets.add(new Classic("-net nic", QemuOpts.parse("nic", "type")));
                nets.add(new Classic("-net user", QemuOpts.parse("user", "type")));
            }
            create(items, classicNetdevs, factory::netdev);
            create(items, nics, opts -> factory.directNic(opts, this::newId));
            create(items, nets, opts -> factory.net(opts, this::newId));
            checkIds(items);
            items = legacy.applyTo(items);
            for (NetItem.FilterObject object : objects) {
                object.options().schema().check(object.options(), false);
                items.add(object);
            }
            return new NetCommandLine(this, items, !anyNet);
        }

        private interface Creation {
            @Nullable NetItem create(Classic opts);
        }

        private static void create(List<NetItem> items, List<Classic> list, Creation creation) {
            for (Classic opts : list) {
                try {
                    NetItem item = creation.create(opts);
                    if (item != null) {
                        items.add(item);
                    }
                } catch (OptionException e) {
                    throw e.at(opts.source());
                }
            }
        }

        private static void checkIds(List<NetItem> items) {
            Set<String> backends = new HashSet<>();
            for (NetItem item : items) {
                boolean nic = item instanceof NetItem.NicDevice;
                if (nic ? backends.contains(item.id()) : !backends.add(item.id())) {
                    throw OptionException.of("Duplicate ID '" + item.id() + "'", "id", item.id())
                            .at(item.source());
                }
            }
        }

        private int idCounter;

        /** QEMU: util/id.c, id_generate: a counter, then two random digits. */
        private String newId() {
            return String.format(Locale.ROOT, "#net%d%02d", idCounter++, Math.floorMod(idDigits.getAsInt(), 100));
        }
    }

    /** A classic argument that is still to be read by a schema. */
    record Classic(String source, QemuOpts opts) {}
}
