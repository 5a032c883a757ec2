package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.internal.socket.PacketSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * {@link HostDatagrams} on a socket. Many datagrams in a turn are sent and received with few calls ({@link DatagramBatches}). On epoll the kernel is asked to keep ICMP errors (IP_RECVERR), which are fetched by {@link LibC}; what reads them is loaded when the first one comes. On NIO there are
 * none, and the TTL is the host's.
 */
final class RealDatagrams implements HostDatagrams, PacketSocket.Handler, SendBatch.Source, ReceiveBatch.Taker {
    /** The most datagrams received in one go. */
    private static final int BURST = 64;

    private static final int LARGEST = 64 << 10;
    private static final int MAX_PAYLOAD = 65_507;

    private final RealHostNetwork network;
    private final Handler handler;
    private final boolean ipv6;
    private final SocketOptions options = new SocketOptions();
    private final MessageVector.Sender lastSender = new MessageVector.Sender();
    private @Nullable PacketSocket socket;
    private boolean canSegment = true;
    private boolean joining;

    RealDatagrams(RealHostNetwork network, boolean ipv6, Handler handler) {
        this.network = network;
        this.ipv6 = ipv6;
        this.handler = handler;
    }

    void open(InetSocketAddress local, @Nullable String device) throws IOException {
        PacketSocket opened = network.sockets().bindDatagrams(local, this);
        if (device != null) {
            bindOrClose(opened, device);
        }
        socket = opened;
        options.setErrorQueue(opened, ipv6, true);
    }

    private static void bindOrClose(PacketSocket opened, String device) throws IOException {
        try {
            opened.bindToDevice(device);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    @Override
    public @Nullable HostError send(ByteBuf source, int index, int length, InetSocketAddress to, int ttl) {
        PacketSocket present = openSocket();
        DatagramBatches batches = network.batches();
        LibC calls = batches.calls();
        if (options.isOtherTtl(ttl)) {
            batches.flush(this);
            options.setTtl(present, ipv6, ttl);
        }
        if (calls == null || length > MAX_PAYLOAD || !batches.canCollect()) {
            batches.counted(1);
            return present.send(source, index, length, to);
        }
        batches.collect(calls, this, source, index, length, to);
        return null;
    }

    @Override
    public int descriptor() {
        return openSocket().descriptor();
    }

    @Override
    public boolean canSegment() {
        return canSegment;
    }

    @Override
    public void cannotSegment() {
        canSegment = false;
    }

    /** What was collected could not be sent. Told later: who sends is not called while he does. */
    @Override
    public void failed(HostError error, InetSocketAddress to) {
        network.loop().execute(() -> {
            if (!isOver()) {
                handler.onError(error, to, to, 0);
            }
        });
    }

    @Override
    public void setReading(boolean reading) {
        openSocket().setReading(reading);
    }

    @Override
    public InetSocketAddress localAddress() {
        return openSocket().localAddress();
    }

    @Override
    public void close() {
        PacketSocket present = socket;
        if (present != null && !present.isClosed()) {
            network.batches().flush(this);
            present.close();
            network.forget(this);
        }
    }

    @Override
    public void onReadable() {
        PacketSocket present = openSocket();
        LibC calls = network.batches().calls();
        if (calls == null) {
            receiveSingly(present);
        } else {
            receiveMany(present, calls);
        }
    }

    private void receiveMany(PacketSocket present, LibC calls) {
        for (int i = 0; i < BURST / 16 && !present.isClosed(); i++) {
            if (!network.batches().receive(calls, present.descriptor(), lastSender, this)) {
                // fewer than there was room for, or an error: news of what comes next is sure
                present.drained();
                return;
            }
            if (!joining) {
                joining = true;
                options.joinDatagrams(present);
            }
        }
    }

    private void receiveSingly(PacketSocket present) {
        ByteBuf buffer = network.readBuffers().forRead(LARGEST);
        int errors = 0;
        for (int i = 0; i < BURST && !present.isClosed(); i++) {
            InetSocketAddress from;
            try {
                from = present.receive(buffer);
            } catch (IOException e) {
                errors++; // about an earlier datagram; the error queue has it
                continue;
            }
            if (from == null) {
                network.batches().counted(i);
                return;
            }
            handler.onDatagram(buffer, from);
        }
        network.batches().counted(BURST);
        if (errors == BURST) {
            present.drained(); // one that stays would keep the loop busy for ever
        }
    }

    @Override
    public void take(ByteBuf data, InetSocketAddress from) {
        handler.onDatagram(data, from);
    }

    @Override
    public boolean isOver() {
        PacketSocket present = socket;
        return present == null || present.isClosed();
    }

    @Override
    public void onError() {
        PacketSocket present = openSocket();
        network.errorQueues().read(present, this::onError, () -> options.setErrorQueue(present, ipv6, false));
    }

    private void onError(ErrorEntry entry) {
        InetSocketAddress to = entry.to;
        if (to != null && !openSocket().isClosed()) {
            InetAddress offender = entry.offenderOr(to.getAddress());
            handler.onError(entry.error(), to, new InetSocketAddress(offender, 0), entry.mtu());
        }
    }

    private PacketSocket openSocket() {
        PacketSocket present = socket;
        if (present == null) {
            throw new IllegalStateException("not open");
        }
        return present;
    }
}
