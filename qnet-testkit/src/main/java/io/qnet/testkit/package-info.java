/**
 * Fake guests and what they live in, for tests and demonstrations of networks without a virtual machine.
 *
 * <p>A {@link io.qnet.testkit.FakeGuest} is a whole small guest behind a NIC: it gets an address by DHCP, pings, resolves names, talks UDP and TCP with byte code and protocol machines of its own, checks all
 * that it is sent, and remembers every frame. It runs on a network with a thread of its own, on one that the caller drives, and in virtual time. JUnit is not needed.
 */
@NullMarked
package io.qnet.testkit;

import org.jspecify.annotations.NullMarked;
