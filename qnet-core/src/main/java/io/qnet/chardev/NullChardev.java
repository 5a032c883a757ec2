package io.qnet.chardev;

import io.netty.buffer.ByteBuf;

/** Takes everything, gives nothing. */
final class NullChardev extends Chardev {
    NullChardev(String id) {
        super(id);
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean write(ByteBuf bytes) {
        return true;
    }

    @Override
    void open() {}

    @Override
    void close() {}

    @Override
    void onAttached(boolean reads) {}
}
