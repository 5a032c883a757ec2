/** Filters between ports: they look at frames, delay them, lose them, write them to files. */
@NullMarked
package io.qnet.filter;

import org.jspecify.annotations.NullMarked;
