/** {@code qnet demo}: the main job shown on this machine, with fake guests, on loopback alone. */
@NullMarked
package io.qnet.cli.demo;

import org.jspecify.annotations.NullMarked;
