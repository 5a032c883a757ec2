/**
 * A guest of raw frames: what a test sends is built with pcap4j's classes, what it receives is read with them after
 * the checksums were verified on the raw bytes. It knows nothing of qnet's codec, so it plays the same script against
 * qnet and against any other network that speaks QEMU's stream protocol.
 */
@NullMarked
package io.qnet.it.raw;

import org.jspecify.annotations.NullMarked;
