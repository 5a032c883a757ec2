/** The socket netdevs: Ethernet frames carried over stream and datagram sockets in QEMU's framing. */
@NullMarked
package io.qnet.socket;

import org.jspecify.annotations.NullMarked;
