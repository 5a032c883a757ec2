package io.qnet.socket;

import io.qnet.Frame;
import io.qnet.NetdevContext;
import io.qnet.Offload;
import io.qnet.Port;
import io.qnet.loop.TurnTask;
import org.jspecify.annotations.Nullable;

/**
 * One port and the connection that it has, or none. Towards a client that connects, back-pressure goes both ways; a listener that this side connects to is always read, and what the network cannot take
 * is queued at the receiver.
 */
final class StreamDevice implements Port.Device {
    /** Who is told of connections and gives what they need. */
    interface Owner {
        Port port();

        NetdevContext network();

        /** The connection stands. */
        void connected(StreamDevice device, Connection connection);

        /** The connection has ended of itself; the device has none now. */
        void disconnected(StreamDevice device);

        /** The device was joined to something, or has lost it. */
        void peerChanged();

        void warn(String message);
    }

    private final Owner owner;
    /** Whether the far side may be kept waiting. */
    private final boolean mayWait;

    private final TurnTask flush = new TurnTask() {
        @Override
        protected void run(long nowNanos) {
            if (connection != null) {
                connection.flush();
            }
        }
    };

    private @Nullable Connection connection;
    private @Nullable StreamCounters counters;
    private boolean senderWaits;

    StreamDevice(Owner owner, boolean mayWait) {
        this.owner = owner;
        this.mayWait = mayWait;
    }

    NetdevContext network() {
        return owner.network();
    }

    StreamCounters counters() {
        StreamCounters present = counters;
        if (present == null) {
            counters = present = new StreamCounters(owner.port().counters());
        }
        return present;
    }

    boolean isConnected() {
        return connection != null;
    }

    /** What {@code info network} says of the connection, or the given text if there is none. */
    String info(String otherwise) {
        return connection == null ? otherwise : connection.infoText();
    }

    /** A connection stands: frames pass from now on. */
    void start(Connection started, String infoText) {
        connection = started;
        owner.connected(this, started);
        started.start(this, infoText);
    }

    void warn(String message) {
        owner.warn(message);
    }

    /** Closes the connection; nobody is told. */
    void close() {
        Connection present = connection;
        connection = null;
        if (present != null) {
            present.close();
        }
    }

    /** The connection has ended of itself; its socket is closed. */
    void disconnected() {
        connection = null;
        wakeSender();
        owner.disconnected(this);
    }

    /** Gives a received frame to the network; false if that can take nothing now. */
    boolean deliver(Frame frame) {
        if (mayWait) {
            return owner.port().send(frame);
        }
        owner.port().sendOrQueue(frame);
        return true;
    }

    /** The connection can take frames again. */
    void wakeSender() {
        if (senderWaits) {
            senderWaits = false;
            owner.port().wake();
        }
    }

    @Override
    public boolean receive(Frame frame) {
        Connection present = connection;
        if (present == null) {
            counters().dropDisconnected.increment();
            return true;
        }
        if (present.isFull()) {
            senderWaits = true;
            return false;
        }
        present.send(frame);
        network().loop().flushThisTurn(flush);
        return true;
    }

    @Override
    public int takes() {
        return Offload.TAKES_NOTHING;
    }

    @Override
    public void onSendable() {
        if (connection != null) {
            connection.onSendable();
        }
    }

    @Override
    public void onPeerChanged() {
        owner.peerChanged();
    }
}
