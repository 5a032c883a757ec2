/** The tap and bridge netdevs: a network joined to an interface of the host's kernel. */
@NullMarked
package io.qnet.tap;

import org.jspecify.annotations.NullMarked;
