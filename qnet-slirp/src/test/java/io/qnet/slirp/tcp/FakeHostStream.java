package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostStream;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The host's side of a connection, which a test plays. It takes what is written at once, unless told to hold it. */
final class FakeHostStream implements HostStream {
    HostStream.Handler handler;
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    /** Whether what is written stays pending. */
    boolean holds;

    long pending;
    long credit;
    int credits;
    boolean outputShut;
    boolean closed;
    boolean wasReset;

    @Override
    public void setReadCredit(long bytes) {
        checkOpen();
        credit = bytes;
        credits++;
    }

    @Override
    public void write(ByteBuf source, int index, int length) {
        checkOpen();
        if (outputShut) {
            throw new IllegalStateException("written after the end");
        }
        byte[] bytes = new byte[length];
        source.getBytes(index, bytes);
        written.writeBytes(bytes);
        if (holds) {
            pending += length;
        }
    }

    @Override
    public void flush() {
        checkOpen();
    }

    @Override
    public long pendingBytes() {
        return pending;
    }

    @Override
    public void shutdownOutput() {
        checkOpen();
        if (outputShut) {
            throw new IllegalStateException("ended twice");
        }
        outputShut = true;
    }

    @Override
    public void reset() {
        checkOpen();
        wasReset = true;
        closed = true;
    }

    @Override
    public void close() {
        checkOpen();
        closed = true;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("used after its end");
        }
    }

    @Override
    public SocketAddress localAddress() {
        return new InetSocketAddress(0);
    }

    @Override
    public SocketAddress remoteAddress() {
        return new InetSocketAddress(0);
    }
}
