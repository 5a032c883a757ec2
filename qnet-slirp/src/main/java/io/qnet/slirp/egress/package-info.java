/**
 * The one seam through which every new flow of a guest passes: what becomes of it is decided here and nowhere else.
 */
@NullMarked
package io.qnet.slirp.egress;

import org.jspecify.annotations.NullMarked;
