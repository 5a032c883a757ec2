/**
 * What the user netdev answers itself at the gateway's address: DHCP and BOOTP. Pure: bytes in, bytes out, time as an argument.
 */
@NullMarked
package io.qnet.slirp.service;

import org.jspecify.annotations.NullMarked;
