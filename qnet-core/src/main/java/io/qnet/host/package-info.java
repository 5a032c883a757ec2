/**
 * The host as engines see it: streams, datagram sockets, listeners, echo, resolvers. The user netdev brings the implementation on real sockets; the testkit one in virtual time. Engines know only this
 * package, so the same engine runs under both.
 */
@NullMarked
package io.qnet.host;

import org.jspecify.annotations.NullMarked;
