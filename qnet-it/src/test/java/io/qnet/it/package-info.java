/** Integration tests: qnet against real guests and other programs. */
@NullMarked
package io.qnet.it;

import org.jspecify.annotations.NullMarked;
