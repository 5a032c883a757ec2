/**
 * QEMU's two monitors over the control operations of {@link io.qnet.Network}: HMP, which people and scripts type at ({@link io.qnet.cli.monitor.Hmp}), and QMP, which programs speak
 * ({@link io.qnet.cli.monitor.QmpSession}). Each monitor has a thread of its own that reads, and one that writes from a bounded queue; a client that does not read never holds up the network's loop.
 */
@NullMarked
package io.qnet.cli.monitor;

import org.jspecify.annotations.NullMarked;
