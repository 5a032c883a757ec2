package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostStream;
import io.qnet.loop.Loop;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.StreamService;
import io.qnet.wire.IpAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Connections to the name server's address: byte streams to a resolver. A resolver that cannot be connected to is followed by the next; the guest is answered when one stands.
 *
 * <p>Loop thread only.
 */
public final class DnsStreams implements StreamService {
    /** How long one resolver has to accept, so that the next is tried before the guest gives up. */
    static final long CONNECT_NANOS = 5_000_000_000L;

    private final Resolvers resolvers;
    private final Egress egress;
    private final Loop loop;

    /** Streams to {@code resolvers}. */
    public DnsStreams(Resolvers resolvers, Egress egress, Loop loop) {
        this.resolvers = resolvers;
        this.egress = egress;
        this.loop = loop;
    }

    @Override
    public HostStream open(IpAddress guest, int guestPort, HostStream.Handler handler) throws HostException {
        List<InetSocketAddress> servers = resolvers.inOrder(loop.nowNanos());
        if (servers.isEmpty()) {
            throw new HostException(HostError.NET_UNREACHABLE, "the host has no name server");
        }
        return new FailoverStream(servers, handler);
    }

    private HostStream connect(InetSocketAddress server, HostStream.Handler handler) {
        return egress.hostFor(IpAddress.of(server.getAddress())).connect(server, null, CONNECT_NANOS, handler);
    }

    /** A stream to the first resolver that accepts; once connected, it passes everything through. */
    private final class FailoverStream implements HostStream, HostStream.Handler {
        private final ArrayDeque<InetSocketAddress> left;
        private final HostStream.Handler guestSide;
        private InetSocketAddress server;
        private HostStream stream;
        private long credit;
        private boolean connected;

        FailoverStream(List<InetSocketAddress> servers, HostStream.Handler guestSide) {
            left = new ArrayDeque<>(servers);
            this.guestSide = guestSide;
            server = left.remove();
            stream = connect(server, this);
        }

        @Override
        public void onConnected() {
            connected = true;
            resolvers.answered(server);
            guestSide.onConnected();
        }

        @Override
        public void onFailed(HostError error) {
            if (!connected) {
                resolvers.failed(server, loop.nowNanos());
                InetSocketAddress next = left.poll();
                if (next != null) {
                    server = next;
                    stream = connect(next, this);
                    stream.setReadCredit(credit);
                    return;
                }
            }
            guestSide.onFailed(error);
        }

        @Override
        public void onData(ByteBuf data) {
            guestSide.onData(data);
        }

        @Override
        public void onEof() {
            guestSide.onEof();
        }

        @Override
        public void onWritten(long pendingBytes) {
            guestSide.onWritten(pendingBytes);
        }

        @Override
        public void setReadCredit(long bytes) {
            credit = bytes;
            stream.setReadCredit(bytes);
        }

        @Override
        public void write(ByteBuf source, int index, int length) {
            stream.write(source, index, length);
        }

        @Override
        public void flush() {
            stream.flush();
        }

        @Override
        public long pendingBytes() {
            return stream.pendingBytes();
        }

        @Override
        public void shutdownOutput() {
            stream.shutdownOutput();
        }

        @Override
        public void reset() {
            stream.reset();
        }

        @Override
        public void close() {
            stream.close();
        }

        @Override
        public SocketAddress localAddress() {
            return stream.localAddress();
        }

        @Override
        public SocketAddress remoteAddress() {
            return stream.remoteAddress();
        }
    }
}
