/**
 * Named counters. Whatever is dropped, refused or evicted anywhere in qnet increments a counter that has a name; this package is how they are kept and listed.
 */
@NullMarked
package io.qnet.stat;

import org.jspecify.annotations.NullMarked;
