package io.qnet.option;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads one back end in any of the three forms (QEMU: net/net.c, net_client_init and net_client_init1). */
final class NetdevReader {
    private final NetCommandLine.Schemas schemas;

    NetdevReader(NetCommandLine.Schemas schemas) {
        this.schemas = schemas;
    }

    /** Whether the argument of {@code -netdev} is JSON or in the dotted-key grammar (QEMU: netdev_is_modern). */
    static boolean isModern(String text) {
        if (text.startsWith("{")) {
            return true;
        }
        String type = QemuOpts.scan(text, "type").get("type");
        return type != null && (type.equals("stream") || type.equals("dgram"));
    }

    static boolean isHelp(@Nullable String type) {
        return type != null && (type.equals("help") || type.equals("?"));
    }

    static OptionReader modern(String text, String impliedKey) {
        return text.startsWith("{")
                ? TreeReader.ofJson(JsonText.object(text))
                : TreeReader.ofKeyval(Keyval.parse(text, impliedKey));
    }

    /** Reads all of a back end; {@code hub} is where it goes, or empty. */
    NetItem.Backend read(String source, OptionReader reader, OptionalInt hub) {
        String id = reader.requiredText("id");
        String type = reader.requiredText("type");
        OptionSchema schema = schemas.find(type);
        OptionValues values = options(type, schema, reader);
        if (hub.isPresent() && type.equals("hubport")) {
            throw new OptionException("network backend 'hubport' is only supported with -netdev/-nic");
        }
        if (schema == null && !type.equals("hubport")) {
            throw notBuilt(type);
        }
        values.schema().check(values, hub.isPresent());
        return new NetItem.Backend(source, id, type, values, hub);
    }

    /** The options of a type; those of a type that cannot be created are read too where they are known, as QEMU does. */
    static OptionValues options(String type, @Nullable OptionSchema built, OptionReader reader) {
        OptionSchema schema = built != null ? built : NetdevSchemas.find(type);
        if (schema == null && NetdevSchemas.isKnown(type)) {
            throw notBuilt(type);
        }
        if (schema == null) {
            throw OptionException.notAccepted("type", type, List.of());
        }
        OptionValues values = reader.read(schema);
        reader.finish();
        return values;
    }

    private static OptionException notBuilt(String type) {
        return OptionException.of("network backend '" + type + "' is not compiled into this binary", "type", type);
    }
}
