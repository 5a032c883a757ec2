package io.qnet.socket;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** The far side as a plain blocking socket that speaks the framing with code of its own. */
final class FramePeer implements Closeable {
    final SocketChannel channel;
    private final DataInputStream in;
    private final DataOutputStream out;

    FramePeer(SocketChannel channel) {
        this.channel = channel;
        in = new DataInputStream(Channels.newInputStream(channel));
        out = new DataOutputStream(Channels.newOutputStream(channel));
    }

    static FramePeer connect(SocketAddress to) throws IOException {
        return new FramePeer(SocketChannel.open(to));
    }

    void send(byte[] frame) throws IOException {
        sendRaw(framed(frame));
    }

    void sendRaw(byte... bytes) throws IOException {
        out.write(bytes);
    }

    static byte[] framed(byte[] frame) {
        return ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .array();
    }

    byte[] receive() throws IOException {
        return in.readNBytes(in.readInt());
    }

    /** Whether the far side has ended the stream; blocks until it ends or sends. */
    boolean isEnded() throws IOException {
        try {
            return in.read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
