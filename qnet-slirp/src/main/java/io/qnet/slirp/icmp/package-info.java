/** ICMP from guests: echo, and errors about what they were sent. Errors towards guests are {@link io.qnet.slirp.ip.IcmpErrors}. */
@NullMarked
package io.qnet.slirp.icmp;

import org.jspecify.annotations.NullMarked;
