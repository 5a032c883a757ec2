package io.qnet.it.support;

import static org.awaitility.Awaitility.await;

import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** Connects to programs' unix sockets. */
public final class UnixConnect {
    private UnixConnect() {}

    /** Connects as soon as somebody listens: the file of a socket is there a moment before. */
    public static SocketChannel to(Path path) {
        return await("a listener at " + path)
                .atMost(ChildProcess.HANG)
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .ignoreExceptionsInstanceOf(SocketException.class)
                .until(() -> SocketChannel.open(UnixDomainSocketAddress.of(path)), channel -> true);
    }
}
