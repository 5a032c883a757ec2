package io.qnet.slirp.service;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the DHCP server tells guests. IPv4 addresses are their 32 bits.
 *
 * @param server the gateway's address: server, router, and where boot files come from
 * @param mask the network's mask
 * @param dns the name server
 * @param start the first address of the pool
 * @param poolSize how many addresses are in the pool
 * @param leaseSeconds how long a lease lasts
 * @param restricted whether router and name server are left out ({@code restrict=on})
 * @param hostname option 12
 * @param domainName option 15
 * @param domainSearch option 119
 * @param tftpServerName option 66
 * @param bootfile the {@code file} field; with {@code http://} or {@code https://} in front, option 60 says that it is to be had by HTTP
 * @param mtu option 26 if it is not Ethernet's 1500
 * @param staticLeases addresses that are kept for one guest each
 */
public record DhcpConfig(
        int server,
        int mask,
        int dns,
        int start,
        int poolSize,
        long leaseSeconds,
        boolean restricted,
        @Nullable String hostname,
        @Nullable String domainName,
        List<String> domainSearch,
        @Nullable String tftpServerName,
        @Nullable String bootfile,
        int mtu,
        List<StaticLease> staticLeases) {
    /** Ethernet's MTU, which guests assume. */
    public static final int DEFAULT_MTU = 1500;

    /** Copies the list. */
    public DhcpConfig {
        domainSearch = List.copyOf(domainSearch);
        staticLeases = List.copyOf(staticLeases);
    }
}
