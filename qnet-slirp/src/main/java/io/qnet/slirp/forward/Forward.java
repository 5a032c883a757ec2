package io.qnet.slirp.forward;

/** One open port of the host. Loop thread only. */
interface Forward {
    /** What it is. */
    ForwardInfo info();

    /** Stops listening. Connections live on; datagrams no longer pass. */
    void close();
}
