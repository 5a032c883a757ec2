/** The link and internet layers towards the guest: Ethernet, neighbours (ARP, NDP), IPv4, IPv6. */
@NullMarked
package io.qnet.slirp.ip;

import org.jspecify.annotations.NullMarked;
