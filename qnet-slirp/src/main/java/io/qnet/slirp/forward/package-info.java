/** Forwards: ports of the host that lead to a guest. */
@NullMarked
package io.qnet.slirp.forward;

import org.jspecify.annotations.NullMarked;
