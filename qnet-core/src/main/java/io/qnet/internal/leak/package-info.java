/** What the process holds open: the ground on which the project's own tests and the testkit's leak check stand. */
@NullMarked
package io.qnet.internal.leak;

import org.jspecify.annotations.NullMarked;
