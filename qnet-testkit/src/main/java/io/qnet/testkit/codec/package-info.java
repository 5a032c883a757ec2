/**
 * The byte code of the fake guests: how a guest that has never heard of qnet reads and writes Ethernet, ARP, IP, ICMP, UDP, TCP, DHCP and DNS. It shares nothing with qnet's own codec on purpose: a mistake
 * in one of the two shows as a disagreement instead of cancelling itself out.
 *
 * <p>All classes work on plain arrays, keep no state between calls unless they say so, and are not thread-safe.
 */
@NullMarked
package io.qnet.testkit.codec;

import org.jspecify.annotations.NullMarked;
