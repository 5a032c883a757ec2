/** The program {@code qnet}: takes QEMU's network options and runs what they describe. */
@NullMarked
package io.qnet.cli;

import org.jspecify.annotations.NullMarked;
