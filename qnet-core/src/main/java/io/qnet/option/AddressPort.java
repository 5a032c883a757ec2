package io.qnet.option;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * {@code ADDR[:PORT]} or {@code [V6][:PORT]} in qnet's own options, such as {@code dns-upstream}: numeric addresses only. An IPv6 address
 * without a port needs no brackets.
 *
 * @param address the address
 * @param port 1 to 65535
 */
public record AddressPort(InetAddress address, int port) {
    /**
     * Reads an address with an optional port.
     *
     * @param name the option, for the refusal
     * @param text the value
     * @param defaultPort the port if none is written
     * @throws OptionException {@code Parameter 'NAME' expects ADDR[:PORT] or [V6][:PORT]}
     */
    public static AddressPort parse(String name, String text, int defaultPort) {
        int bracket = text.lastIndexOf(']');
        boolean bareV6 = bracket < 0 && text.indexOf(':') != text.lastIndexOf(':');
        int colon = bareV6 ? -1 : text.indexOf(':', Math.max(bracket, 0));
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? Integer.toString(defaultPort) : text.substring(colon + 1);
        InetAddress address = address(host);
        if (address == null || !port.matches("[0-9]{1,5}") || port(port) == 0) {
            throw OptionException.expects(name, text, "ADDR[:PORT] or [V6][:PORT]");
        }
        return new AddressPort(address, port(port));
    }

    private static @Nullable InetAddress address(String host) {
        if (host.startsWith("[") && host.endsWith("]")) {
            return InetText.ipv6(host.substring(1, host.length() - 1));
        }
        return host.indexOf(':') >= 0 ? InetText.ipv6(host) : InetText.ipv4(host);
    }

    /** The port, or 0 if it is none. */
    private static int port(String digits) {
        int port = Integer.parseInt(digits);
        return port <= 0xffff ? port : 0;
    }

    /** The form that {@link #parse} reads. */
    @Override
    public String toString() {
        return InetText.inOption(address) + ":" + port;
    }
}
