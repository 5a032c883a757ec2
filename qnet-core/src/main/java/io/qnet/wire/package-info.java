/**
 * Bytes on the wire: addresses, header views, checksums, the arithmetic of segmentation. Nothing here knows what a frame is for.
 */
@NullMarked
package io.qnet.wire;

import org.jspecify.annotations.NullMarked;
