package io.qnet.option;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * One {@code guestfwd} rule: an address in the guest's network behind which something of the host answers (QEMU: net/slirp.c,
 * slirp_guestfwd): {@code [tcp]:[SERVER]:PORT-TARGET}. SERVER is an IPv4 address as {@code inet_aton} reads it, or (qnet's own) an IPv6
 * address in square brackets; whether it lies in the network is checked when the rule is set up.
 *
 * @param rule the rule as written
 * @param server the address; null: the network's x.x.x.4
 * @param port 1 to 65535
 * @param target what answers
 */
public record GuestForward(String rule, @Nullable InetAddress server, int port, Target target) {
    /** What answers. */
    public sealed interface Target {
        /** {@code cmd:COMMAND}: a program started for each connection, its words split as a shell would. */
        record Command(String command) implements Target {}

        /** {@code tcp:HOST:PORT}: a connection of the host's. */
        record Tcp(String host, int port) implements Target {}

        /** {@code unix:PATH}: a unix stream socket. */
        record Unix(String path) implements Target {}

        /** Any other character device of QEMU's, such as {@code null} or {@code file:PATH}, not yet understood. */
        record CharacterDevice(String spec) implements Target {}
    }

    /**
     * Reads a rule.
     *
     * @throws OptionException {@code Invalid guest forwarding rule 'RULE'}
     */
    public static GuestForward parse(String rule) {
        int first = rule.indexOf(':');
        String protocol = first < 0 ? "?" : rule.substring(0, first);
        int bracket = rule.startsWith("[", first + 1) ? rule.indexOf(']') : first;
        int second = bracket < 0 ? -1 : rule.indexOf(':', bracket + 1);
        int separator = rule.indexOf('-', second + 1);
        if ((!protocol.isEmpty() && !protocol.equals("tcp")) || second < 0 || separator < 0) {
            throw invalid(rule);
        }
        String server = rule.substring(first + 1, second);
        InetAddress address = InetText.atonOrBracketed(server);
        CNumber number = CNumber.scan(rule.substring(second + 1, separator), 10);
        long port = number.clamped();
        if ((!server.isEmpty() && address == null) || !number.whole() || port < 1 || port > 0xffff) {
            throw invalid(rule);
        }
        return new GuestForward(rule, address, (int) port, target(rule.substring(separator + 1)));
    }

    private static OptionException invalid(String rule) {
        return OptionException.of("Invalid guest forwarding rule '" + rule + "'", "guestfwd", rule);
    }

    private static Target target(String text) {
        if (text.startsWith("cmd:")) {
            return new Target.Command(text.substring("cmd:".length()));
        }
        if (text.indexOf(',') >= 0) {
            return new Target.CharacterDevice(text);
        }
        int colon = text.lastIndexOf(':');
        if (text.startsWith("tcp:") && colon > "tcp:".length()) {
            String port = text.substring(colon + 1);
            if (port.matches("[0-9]{1,5}") && Integer.parseInt(port) <= 0xffff) {
                return new Target.Tcp(text.substring("tcp:".length(), colon), Integer.parseInt(port));
            }
        }
        if (text.startsWith("unix:")) {
            return new Target.Unix(text.substring("unix:".length()));
        }
        return new Target.CharacterDevice(text);
    }

    /** The refusal for a server address outside the network, or taken. */
    public OptionException conflicting() {
        String message = "Conflicting/invalid host:port in guest forwarding rule '" + rule + "'";
        return OptionException.of(message, "guestfwd", rule);
    }

    /** The refusal for a target that cannot be opened; QEMU prints the cause before it. */
    public OptionException cannotOpen() {
        String message = "Could not open guest forwarding device 'guestfwd.tcp." + port + "'";
        return OptionException.of(message, "guestfwd", rule);
    }
}
