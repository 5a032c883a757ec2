package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A stream's handler that writes down what it is told and complains of what it must not be told. Loop thread, except that the test may look at it through the fixture. */
final class RecordedStream implements HostStream.Handler {
    private final HostFixture fixture;
    final List<String> events = new ArrayList<>();
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    final List<String> complaints = new ArrayList<>();
    HostStream stream;
    boolean closed;
    /** Credit given again after each delivery, or 0. */
    long refill;

    long largestRead;

    RecordedStream(HostFixture fixture) {
        this.fixture = fixture;
    }

    void write(String text) {
        write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void write(byte[] bytes) {
        ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
        fixture.run(() -> stream.write(buffer, 0, bytes.length));
    }

    void credit(long bytes) {
        fixture.run(() -> stream.setReadCredit(bytes));
    }

    void close() {
        fixture.run(() -> {
            closed = true;
            stream.close();
        });
    }

    void reset() {
        fixture.run(() -> {
            closed = true;
            stream.reset();
        });
    }

    void untilEvent(String event) {
        fixture.until(() -> events.contains(event));
    }

    void untilReceived(int bytes) {
        fixture.until(() -> received.size() >= bytes);
    }

    String text() {
        return fixture.call(() -> received.toString(StandardCharsets.ISO_8859_1));
    }

    List<String> events() {
        return fixture.call(() -> List.copyOf(events));
    }

    private void event(String event) {
        if (fixture.inCall) {
            complaints.add(event + " within a call");
        }
        if (closed) {
            complaints.add(event + " after the end");
        }
        events.add(event);
    }

    @Override
    public void onConnected() {
        event("connected");
    }

    @Override
    public void onData(ByteBuf data) {
        event("data");
        largestRead = Math.max(largestRead, data.readableBytes());
        received.writeBytes(ByteBufUtil.getBytes(data));
        data.release();
        if (refill > 0) {
            stream.setReadCredit(refill);
        }
    }

    @Override
    public void onEof() {
        event("eof");
    }

    @Override
    public void onWritten(long pendingBytes) {
        event("written");
        if (pendingBytes != stream.pendingBytes()) {
            complaints.add("written " + pendingBytes + " but pending " + stream.pendingBytes());
        }
    }

    @Override
    public void onFailed(HostError error) {
        event("failed " + error);
        closed = true;
    }
}
