/**
 * QEMU's character devices, as far as filters need them: bytes to and from a socket, a file, or nothing. They run on the network's loop and never wait: what is not taken is bounded, dropped whole and
 * counted.
 */
@NullMarked
package io.qnet.chardev;

import org.jspecify.annotations.NullMarked;
