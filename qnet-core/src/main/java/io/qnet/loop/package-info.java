/**
 * The loop: one thread on which a network runs, its turns, its time and its timers. Everything else asks this package for time; protocol code gets it as an argument.
 */
@NullMarked
package io.qnet.loop;

import org.jspecify.annotations.NullMarked;
