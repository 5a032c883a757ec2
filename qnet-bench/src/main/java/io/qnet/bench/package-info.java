/** Benchmarks of qnet and of the programs it is compared with. */
@NullMarked
package io.qnet.bench;

import org.jspecify.annotations.NullMarked;
