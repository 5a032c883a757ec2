/**
 * TCP towards the guest: a full endpoint (RFC 9293) between the guest's segments and a {@link io.qnet.host.HostStream}. Pure: no clock, thread, socket, logger or random source; time is an argument.
 */
@NullMarked
package io.qnet.slirp.tcp;

import org.jspecify.annotations.NullMarked;
