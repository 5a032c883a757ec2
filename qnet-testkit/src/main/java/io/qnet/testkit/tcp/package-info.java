/**
 * The fake guest's own small TCP: a plain state machine (RFC 9293, 5681, 6298, 7323, the receiving half of 2018) over arrays, with time as an argument. It is written apart from qnet's TCP, so that the
 * two check each other.
 *
 * <p>Nothing here is thread-safe; everything runs on the loop of the guest's network.
 */
@NullMarked
package io.qnet.testkit.tcp;

import org.jspecify.annotations.NullMarked;
