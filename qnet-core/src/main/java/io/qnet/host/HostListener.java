package io.qnet.host;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A listening socket on the host. Loop thread only. */
public interface HostListener {
    /** Where it listens; with port 0 asked for, the port that the host chose. */
    SocketAddress localAddress();

    /** Stops listening; streams that were accepted live on. */
    void close();

    /** What a listener tells. */
    interface Handler {
        /**
         * A stream was accepted; it is connected. The handler gives it its own handler, or null to refuse it (it is reset).
         */
        HostStream.@Nullable Handler onAccept(HostStream stream);
    }
}
