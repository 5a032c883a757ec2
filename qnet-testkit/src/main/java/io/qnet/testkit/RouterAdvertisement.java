package io.qnet.testkit;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a router has told a guest (RFC 4861 §4.2, RFC 8106 §5.1).
 *
 * @param router who
 * @param hopLimit what packets should begin with
 * @param managed whether addresses are given by DHCPv6
 * @param otherConfiguration whether DHCPv6 tells the rest
 * @param lifetimeSeconds how long it is a router
 * @param prefix the prefix; null if there is none
 * @param prefixLength its length
 * @param validSeconds how long addresses of it are valid
 * @param preferredSeconds how long they are preferred
 * @param mtu the link's MTU, 0 if it does not say
 * @param nameServers the name servers
 * @param nameServerSeconds how long they may be used
 */
public record RouterAdvertisement(
        InetAddress router,
        int hopLimit,
        boolean managed,
        boolean otherConfiguration,
        int lifetimeSeconds,
        @Nullable InetAddress prefix,
        int prefixLength,
        long validSeconds,
        long preferredSeconds,
        int mtu,
        List<InetAddress> nameServers,
        long nameServerSeconds) {}
