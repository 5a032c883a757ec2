/** What tests of networks need: fake guests, virtual time, a simulated host and assertions on frames. */
@NullMarked
package io.qnet.testkit;

import org.jspecify.annotations.NullMarked;
