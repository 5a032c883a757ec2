/**
 * Netdevs that are a socket to another emulator, a switch or a user-mode stack: QEMU's {@code stream}, {@code dgram} and {@code socket}. Over a stream each frame follows its length in four bytes,
 * big-endian; as a datagram it stands alone.
 *
 * <p>{@link io.qnet.socket.StreamNetdev} and {@link io.qnet.socket.DatagramNetdev} are the netdevs, {@link io.qnet.socket.StreamConfig} and {@link io.qnet.socket.DatagramConfig} how to make them; the
 * providers make those from QEMU's options.
 */
@NullMarked
package io.qnet.socket;

import org.jspecify.annotations.NullMarked;
