/**
 * Netdevs that are a socket to another emulator, a switch or a user-mode stack: QEMU's {@code stream}, and {@code socket} with {@code listen=} or {@code connect=}. Both carry frames over a TCP or unix
 * stream, each after its length in four bytes, big-endian.
 *
 * <p>{@link io.qnet.socket.StreamNetdev} is the netdev, {@link io.qnet.socket.StreamConfig} how to make one; the providers make that from QEMU's options.
 */
@NullMarked
package io.qnet.socket;

import org.jspecify.annotations.NullMarked;
