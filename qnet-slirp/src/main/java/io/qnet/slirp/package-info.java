/**
 * The user netdev (QEMU's {@code -netdev user}): a gateway, a name server and a DHCP server for guests, and their way to the host's network and back, without privileges. Start at
 * {@link io.qnet.slirp.UserNetdev}.
 */
@NullMarked
package io.qnet.slirp;

import org.jspecify.annotations.NullMarked;
