/**
 * QEMU's command-line options as typed values.
 *
 * <p>{@link io.qnet.option.NetCommandLine} reads {@code -netdev}, {@code -nic}, {@code -net}, {@code -object} and the options of old
 * versions into an ordered list of {@link io.qnet.option.NetItem}s. Underneath are QEMU's two grammars ({@link io.qnet.option.QemuOpts},
 * {@link io.qnet.option.Keyval}, and JSON), the {@link io.qnet.option.OptionSchema}s that say which options a type takes
 * ({@link io.qnet.option.NetdevSchemas} has those of every netdev), and the small grammars inside values: addresses, forwards, MACs.
 * What is accepted, and the words of every refusal, are those of QEMU 7.2; a refusal is an {@link io.qnet.option.OptionException}.
 *
 * <p>Everything here is plain computation: no I/O, no name lookups, no threads. All types are immutable except builders.
 */
@NullMarked
package io.qnet.option;

import org.jspecify.annotations.NullMarked;
