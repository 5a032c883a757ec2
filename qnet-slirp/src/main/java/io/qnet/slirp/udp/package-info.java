/** UDP between guests and the host: datagrams in, to services or flows, and out. */
@NullMarked
package io.qnet.slirp.udp;

import org.jspecify.annotations.NullMarked;
