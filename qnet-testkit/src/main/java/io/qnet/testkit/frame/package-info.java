/**
 * Frames as evidence: the log of what a guest sent and received, its pcap file, frames as text (read by pcap4j, a codec that shares nothing with qnet's), and assertions that explain themselves.
 */
@NullMarked
package io.qnet.testkit.frame;

import org.jspecify.annotations.NullMarked;
