/**
 * Networks, and what they are made of: hubs, netdevs, NICs, the ports that join them, the frames that pass. Start at {@link io.qnet.Network}.
 */
@NullMarked
package io.qnet;

import org.jspecify.annotations.NullMarked;
