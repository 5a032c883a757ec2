/**
 * The host's network on real sockets: {@link io.qnet.slirp.host.RealHostNetwork} and what belongs to it. The only package of the user netdev that knows sockets, files and native code; what needs native
 * code beyond Netty's (ping sockets, the error queue) is loaded at first need, and without it the answer is an honest failure.
 */
@NullMarked
package io.qnet.slirp.host;

import org.jspecify.annotations.NullMarked;
