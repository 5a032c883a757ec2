package io.qnet.socket;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;

/** The kinds of loop that sockets run on. */
enum Transport {
    EPOLL,
    NIO;

    boolean isAvailable() {
        return this == NIO || Epoll.isAvailable();
    }

    IoHandlerFactory handlers() {
        return this == EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }
}
