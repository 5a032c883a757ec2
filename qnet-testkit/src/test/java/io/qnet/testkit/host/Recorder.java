package io.qnet.testkit.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a stream tells. */
final class Recorder implements HostStream.Handler {
    final List<String> events = new ArrayList<>();
    final StringBuilder data = new StringBuilder();

    static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    static void write(HostStream stream, String text) {
        ByteBuf bytes = bytes(text);
        stream.write(bytes, 0, bytes.readableBytes());
    }

    @Override
    public void onConnected() {
        events.add("connected");
    }

    @Override
    public void onData(ByteBuf bytes) {
        data.append(bytes.toString(StandardCharsets.UTF_8));
        events.add("data " + bytes.readableBytes());
        bytes.release();
    }

    @Override
    public void onEof() {
        events.add("eof");
    }

    @Override
    public void onWritten(long pendingBytes) {
        events.add("written " + pendingBytes);
    }

    @Override
    public void onFailed(HostError error) {
        events.add("failed " + error);
    }
}
