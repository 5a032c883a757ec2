package io.qnet.option;

import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One {@code hostfwd} rule: connections to the host that are led to the guest (QEMU: net/slirp.c, slirp_hostfwd).
 *
 * <pre>
 * [tcp|udp]:[ADDR]:PORT[+COUNT]-[GUEST]:PORT        unix:/PATH-[GUEST]:PORT
 * </pre>
 *
 * ADDR and GUEST are IPv4 addresses as {@code inet_aton} reads them. qnet's own: IPv6 addresses in square brackets, GUEST as
 * {@code @NAME} or {@code @MAC}, {@code +COUNT} for that many ports in a row on both sides, and unix sockets (QEMU 10.2 has them too).
 * The separator is the first {@code -} after the host's address, which a port cannot contain but a name can; for a unix socket it is the
 * last one, or the last before an {@code @}, since paths have hyphens too.
 *
 * @param rule the rule as written
 * @param protocol TCP or UDP
 * @param listen where the host listens
 * @param guest who gets it
 * @param guestPort the guest's port, 1 to 65535; of a range the first
 */
public record HostForward(String rule, Protocol protocol, Listen listen, Guest guest, int guestPort) {
    /** What is forwarded. */
    public enum Protocol {
        /** Connections. */
        TCP,
        /** Datagrams. */
        UDP
    }

    /** Where the host listens. */
    public sealed interface Listen {
        /**
         * Ports of the host.
         *
         * @param address the address to bind, or null for any IPv4 address
         * @param port the first port; 0: the kernel picks one
         * @param count how many ports in a row, 1 unless said
         */
        record Inet(@Nullable InetAddress address, int port, int count) implements Listen {}

        /** A unix stream socket, by absolute path. */
        record Unix(String path) implements Listen {}
    }

    /** Who gets what is forwarded. */
    public sealed interface Guest {
        /** Nobody named: the address at which the DHCP server's range begins. */
        record Default() implements Guest {}

        /** The guest with this address. */
        record Address(InetAddress address) implements Guest {}

        /** The guest that told the DHCP server this name. */
        record Name(String name) implements Guest {}

        /** The guest with this MAC, 48 bits, the first byte highest. */
        record Mac(long mac) implements Guest {}
    }

    /**
     * Reads a rule.
     *
     * @throws OptionException {@code Invalid host forwarding rule 'RULE' (REASON)}
     */
    public static HostForward parse(String rule) {
        return new Parser(rule).parse();
    }

    /** {@code Could not set up host forwarding rule 'RULE'}: the refusal when the host's side cannot be bound. */
    public OptionException cannotBind() {
        return OptionException.of("Could not set up host forwarding rule '" + rule + "'", "hostfwd", rule);
    }

    private static final class Parser {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");
        private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{1,2}([:-][0-9a-fA-F]{1,2}){5}");

        private final String rule;
        private int at;

        Parser(String rule) {
            this.rule = rule;
        }

        private OptionException bad(String reason) {
            String message = "Invalid host forwarding rule '" + rule + "' (" + reason + ")";
            return OptionException.of(message, "hostfwd", rule);
        }

        HostForward parse() {
            String protocol = upTo(rule.indexOf(':'), "No : separators");
            return switch (protocol) {
                case "", "tcp" -> inet(Protocol.TCP);
                case "udp" -> inet(Protocol.UDP);
                case "unix" -> unix();
                default -> throw bad("Bad protocol name");
            };
        }

        private HostForward inet(Protocol protocol) {
            String host = upTo(outsideBrackets(':'), "Missing : separator");
            InetAddress address = InetText.atonOrBracketed(host);
            if (!host.isEmpty() && address == null) {
                throw bad("Bad host address");
            }
            String ports = upTo(outsideBrackets('-'), "Bad host port separator");
            int plus = ports.indexOf('+', 1); // a first one is the port's sign
            int port = port(plus < 0 ? ports : ports.substring(0, plus), 0, "Bad host port");
            int count = plus < 0 ? 1 : port(ports.substring(plus + 1), 1, "Bad host port");
            if (port + count > 0x1_0000 || (port == 0 && count > 1)) {
                throw bad("Bad host port");
            }
            Guest guest = guest();
            int guestPort = port(rule.substring(at), 1, "Bad guest port");
            if (guestPort + count > 0x1_0000) {
                throw bad("Bad guest port");
            }
            return new HostForward(rule, protocol, new Listen.Inet(address, port, count), guest, guestPort);
        }

        private HostForward unix() {
            int named = rule.lastIndexOf("-@");
            int separator = named >= at ? named : rule.lastIndexOf('-');
            String path = upTo(separator, "Missing - separator");
            if (path.isEmpty()) {
                throw bad("Missing unix socket path");
            }
            if (!path.startsWith("/")) {
                throw bad("unix socket path must be absolute");
            }
            Guest guest = guest();
            int guestPort = port(rule.substring(at), 1, "Bad guest port");
            return new HostForward(rule, Protocol.TCP, new Listen.Unix(path), guest, guestPort);
        }

        private Guest guest() {
            boolean named = rule.startsWith("@", at);
            String text = upTo(named ? rule.lastIndexOf(':') : outsideBrackets(':'), "Missing guest address");
            if (text.isEmpty()) {
                return new Guest.Default();
            }
            if (named) {
                return named(text.substring(1));
            }
            InetAddress address = InetText.atonOrBracketed(text);
            if (address == null) {
                throw bad("Bad guest address");
            }
            return new Guest.Address(address);
        }

        private Guest named(String text) {
            Long mac = MAC.matcher(text).matches() ? MacSyntax.parse(text) : null;
            if (mac != null) {
                return new Guest.Mac(mac);
            }
            if (!NAME.matcher(text).matches()) {
                throw bad("Bad guest address");
            }
            return new Guest.Name(text);
        }

        /** The text from here to a separator, which is passed. */
        private String upTo(int separator, String reason) {
            if (separator < at) {
                throw bad(reason);
            }
            String text = rule.substring(at, separator);
            at = separator + 1;
            return text;
        }

        private int outsideBrackets(char wanted) {
            boolean inside = false;
            for (int i = at; i < rule.length(); i++) {
                char c = rule.charAt(i);
                inside = c == '[' || (inside && c != ']');
                if (c == wanted && !inside) {
                    return i;
                }
            }
            return -1;
        }

        private int port(String text, int min, String reason) {
            CNumber number = CNumber.scan(text, 0);
            long port = number.clamped();
            if (!number.wholeOrEmpty() || port < min || port > 0xffff) {
                throw bad(reason);
            }
            return (int) port;
        }
    }
}
