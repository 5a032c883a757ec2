package io.qnet.slirp.service;

import io.qnet.MacAddress;
import io.qnet.option.InetText;
import io.qnet.option.OptionException;
import java.net.Inet4Address;
import org.jspecify.annotations.Nullable;

/**
 * An address that is kept for one guest ({@code lease=MAC=ADDR[/NAME]}).
 *
 * @param mac the guest's MAC address
 * @param address its address, in the guests' network, in the pool or not
 * @param name the host name that it is told, instead of the one for all
 */
public record StaticLease(
        MacAddress mac, Inet4Address address, @Nullable String name) {
    private static final int MAX_NAME = 255;

    /**
     * Reads an option's value.
     *
     * @throws OptionException that says what is allowed
     */
    public static StaticLease parse(String text) {
        int equals = text.indexOf('=');
        int slash = text.indexOf('/', equals + 1);
        String mac = text.substring(0, Math.max(0, equals));
        Inet4Address address = InetText.ipv4(text.substring(equals + 1, slash < 0 ? text.length() : slash));
        String name = slash < 0 ? null : text.substring(slash + 1);
        boolean isName = name == null || (!name.isEmpty() && name.length() <= MAX_NAME);
        if (!mac.matches("[0-9a-fA-F]{1,2}([:-][0-9a-fA-F]{1,2}){5}") || address == null || !isName) {
            throw OptionException.expects("lease", text, "MAC=ADDR[/NAME]");
        }
        return new StaticLease(MacAddress.parse(mac), address, name);
    }
}
