/**
 * Sockets of the host on the loop of a network, below Netty's channels: a raw descriptor in the epoll loop, or a channel of the JDK's in the NIO loop, behind one small interface. They know no pipeline
 * and no message objects: whoever reads brings the buffer, whoever writes brings the queue. The host network of engines and the socket netdevs stand on it.
 *
 * <p>Loop thread only. Nothing blocks, and no call into a socket calls its handler before it has returned.
 */
@NullMarked
package io.qnet.internal.socket;

import org.jspecify.annotations.NullMarked;
