package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevContext;

/** A further client of a listening {@link StreamNetdev}: an endpoint with a port of its own on the netdev's hub, there for as long as the client is. */
final class StreamClient extends Netdev implements StreamDevice.Owner {
    private final StreamNetdev listener;
    private final StreamDevice device = new StreamDevice(this, true);

    private StreamClient(String id, StreamNetdev listener) {
        super(id);
        this.listener = listener;
    }

    /**
     * How to make one.
     *
     * @param id its name
     * @param listener whose client it is
     */
    record Config(String id, StreamNetdev listener) implements EndpointConfig<StreamClient> {
        @Override
        public StreamClient create() {
            return new StreamClient(id, listener);
        }
    }

    @Override
    public String type() {
        return listener.type();
    }

    @Override
    public String info() {
        return device.info("");
    }

    @Override
    protected void open() {
        device.counters();
    }

    @Override
    protected void close() {
        device.close();
        listener.left(this);
    }

    @Override
    protected StreamDevice device() {
        return device;
    }

    @Override
    public NetdevContext network() {
        return context();
    }

    @Override
    public void connected(StreamDevice of, Connection connection) {
        listener.connected(of, connection);
    }

    @Override
    public void disconnected(StreamDevice of) {
        listener.disconnected(of);
    }

    @Override
    public void peerChanged() {
        // what matters is the listener's own
    }

    @Override
    public void warn(String message) {
        context().warn(this, message);
    }
}
