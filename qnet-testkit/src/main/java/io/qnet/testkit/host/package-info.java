/**
 * A simulated host: what netdevs reach through {@link io.qnet.host.HostNetwork} when no socket is wanted. Servers accept, refuse, stall, reset or answer late; datagrams are echoed, lost or refused; all in the
 * network's time and on its loop.
 */
@NullMarked
package io.qnet.testkit.host;

import org.jspecify.annotations.NullMarked;
