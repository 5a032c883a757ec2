/** The user netdev: guests reach the host's network without privileges, as with QEMU's {@code -netdev user}. */
@NullMarked
package io.qnet.slirp;

import org.jspecify.annotations.NullMarked;
