package io.qnet.testkit.tcp;

import org.jspecify.annotations.Nullable;

/** What a {@link Connection} has around it: the layer below that takes its segments, and the program above that is told. All calls come from within a call of the connection's. */
public interface Surroundings {
    /**
     * Sends a segment whose payload, {@code segment.dataLength} bytes, is fetched by {@link Connection#copyPayload}.
     *
     * @param payloadPosition what to pass to {@link Connection#copyPayload}
     * @return false if it cannot be taken now; nothing has changed then and it will be tried again
     */
    boolean emit(Connection connection, Segment segment, int payloadPosition);

    /** The connection stands. */
    void onConnected(Connection connection);

    /** There is more to read, or the other side has ended its half. */
    void onReadable(Connection connection);

    /** There is room for more to write, or all that was written is acknowledged. */
    void onWritable(Connection connection);

    /** The connection is over; the reason is null if both sides ended it in order. */
    void onClosed(Connection connection, @Nullable TcpFailure failure);

    /** The other side broke a rule of TCP. */
    void onViolation(Connection connection, String what);
}
