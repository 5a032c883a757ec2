package io.qnet.testkit;

import io.qnet.testkit.codec.DhcpMessage;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a DHCP server gave a guest.
 *
 * @param address the guest's address
 * @param prefixLength the network's prefix, from option 1
 * @param router the first router of option 3, or null
 * @param nameServers the name servers of option 6
 * @param server the server's identifier, option 54
 * @param time how long it is valid, option 51
 * @param message the whole message, for everything else
 */
public record Lease(
        InetAddress address,
        int prefixLength,
        @Nullable InetAddress router,
        List<InetAddress> nameServers,
        @Nullable InetAddress server,
        Duration time,
        DhcpMessage message) {
    static Lease of(DhcpMessage message) {
        List<InetAddress> routers = message.addresses(3);
        List<InetAddress> servers = message.addresses(54);
        int mask = message.intOption(1);
        return new Lease(
                DhcpMessage.address(message.yiaddr),
                mask == 0 ? 24 : Integer.bitCount(mask),
                routers.isEmpty() ? null : routers.get(0),
                message.addresses(6),
                servers.isEmpty() ? null : servers.get(0),
                Duration.ofSeconds(message.intOption(51) & 0xffff_ffffL),
                message);
    }

    /** The host name of option 12, or null. */
    public @Nullable String hostName() {
        return message.text(12);
    }

    /** The domain name of option 15, or null. */
    public @Nullable String domainName() {
        return message.text(15);
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength
                + (router == null ? "" : " via " + router.getHostAddress());
    }
}
