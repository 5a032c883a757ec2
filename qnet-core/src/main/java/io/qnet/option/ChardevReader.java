package io.qnet.option;

import org.jspecify.annotations.Nullable;

/** Reads character devices (QEMU: chardev/char.c and the parsers of the kinds). */
final class ChardevReader {
    /** QEMU's kinds share one list of options; here are those that the kinds of qnet know. */
    private static final OptionSchema SCHEMA = OptionSchema.of("chardev")
            .string("backend")
            .string("path")
            .string("host")
            .string("port")
            .string("fd")
            .uint16("to")
            .bool("ipv4")
            .bool("ipv6")
            .bool("nodelay")
            .bool("delay")
            .bool("server")
            .bool("wait")
            .int64("reconnect")
            .bool("abstract")
            .bool("tight")
            .bool("append")
            .bool("signal")
            .bool("mux")
            .build();

    private ChardevReader() {}

    /** The options that a short form stands for (QEMU: qemu_chr_parse_compat), or null if it is none. */
    static @Nullable QemuOpts expand(String text) {
        String rest = text.startsWith("mon:") ? text.substring("mon:".length()) : text;
        if (rest.equals("stdio") || rest.equals("null")) {
            return QemuOpts.parse("backend=" + rest, null);
        }
        int colon = rest.indexOf(':');
        String kind = rest.substring(0, Math.max(colon, 0));
        String value = rest.substring(colon + 1);
        return switch (kind) {
            case "unix" -> QemuOpts.parse("backend=socket,path=" + value, null);
            case "file", "pipe" -> QemuOpts.parse("backend=" + kind + ",path=" + value, null);
            case "tcp" -> tcp(text, value);
            default -> null;
        };
    }

    private static QemuOpts tcp(String text, String value) {
        int comma = value.indexOf(',');
        String address = comma < 0 ? value : value.substring(0, comma);
        int colon = address.indexOf(':');
        if (colon < 0 || colon == address.length() - 1) {
            throw new OptionException("parse error: " + text);
        }
        String host = address.substring(0, colon);
        String options = comma < 0 ? "" : value.substring(comma);
        String hostOption = host.isEmpty() ? "host=," : "host=" + host + ",";
        return QemuOpts.parse("backend=socket," + hostOption + "port=" + address.substring(colon + 1) + options, null);
    }

    static ChardevSpec read(QemuOpts opts) {
        String id = opts.id() == null ? "" : opts.id();
        String backend = opts.get("backend");
        if (backend == null) {
            throw new OptionException("chardev: \"" + id + "\" missing backend");
        }
        OptsReader reader = new OptsReader(opts);
        if (!id.isEmpty()) {
            reader.requiredText("id");
        }
        OptionValues values = reader.read(SCHEMA);
        reader.finish();
        return switch (backend) {
            case "null" -> new ChardevSpec.Null(id);
            case "stdio" -> new ChardevSpec.Stdio(id);
            case "file" ->
                new ChardevSpec.File(
                        id, path(values, "chardev: file: no filename given"), values.bool("append", false));
            case "pipe" -> new ChardevSpec.Pipe(id, path(values, "chardev: pipe: no device path given"));
            case "socket" -> socket(id, values);
            default -> throw new OptionException("'" + backend + "' is not a valid char driver name");
        };
    }

    private static String path(OptionValues values, String refusal) {
        String path = values.string("path");
        if (path == null) {
            throw new OptionException(refusal);
        }
        return path;
    }

    /** QEMU: qemu_chr_parse_socket, qmp_chardev_validate_socket. */
    private static ChardevSpec.Socket socket(String id, OptionValues values) {
        int kinds = (values.has("path") ? 1 : 0) + (values.has("host") ? 1 : 0) + (values.has("fd") ? 1 : 0);
        if (kinds > 1) {
            throw new OptionException("None or one of 'path', 'fd' or 'host' option required.");
        }
        boolean server = values.bool("server", false);
        long reconnect = values.integer("reconnect", 0);
        if (server && values.has("reconnect")) {
            throw new OptionException("'reconnect' option is incompatible with socket in server listen mode");
        }
        if (!server && values.has("wait")) {
            throw new OptionException("'wait' option is incompatible with socket in client connect mode");
        }
        return new ChardevSpec.Socket(id, endpoint(values), server, values.bool("wait", true), reconnect);
    }

    private static SocketEndpoint endpoint(OptionValues values) {
        String path = values.string("path");
        if (path != null) {
            return new SocketEndpoint.Unix(path, values.bool("abstract", false), values.bool("tight", true));
        }
        String host = values.string("host");
        if (host == null) {
            throw new OptionException("Unable to parse FD number " + values.string("fd", ""));
        }
        String port = values.string("port");
        if (port == null) {
            throw new OptionException("chardev: socket: no port given");
        }
        return new SocketEndpoint.Inet(
                host,
                port,
                false,
                (int) values.integer("to", -1),
                values.has("ipv4") ? values.bool("ipv4", false) : null,
                values.has("ipv6") ? values.bool("ipv6", false) : null,
                false,
                false);
    }
}
