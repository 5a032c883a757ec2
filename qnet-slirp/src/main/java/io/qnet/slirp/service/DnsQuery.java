package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One query on its way: its bytes, which resolvers were asked, and which have failed. Pure. Of the message only the header is read (RFC 1035 §4.1.1). */
final class DnsQuery {
    private static final int HEADER_LENGTH = 12;
    private static final int FLAGS = 2;
    private static final int RESPONSE = 0x80;
    private static final int RECURSION_AVAILABLE = 0x80;
    private static final int RCODE_MASK = 0x0f;
    private static final int SERVER_FAILURE = 2;
    private static final int NOT_IMPLEMENTED = 4;
    private static final int REFUSED = 5;

    private final byte[] message;
    private final List<InetSocketAddress> servers;
    private final List<InetSocketAddress> failed = new ArrayList<>();
    private int asked;
    private long deadlineNanos;

    private DnsQuery(byte[] message, List<InetSocketAddress> servers) {
        this.message = message;
        this.servers = servers;
    }

    static DnsQuery of(ByteBuf data, int index, int length, List<InetSocketAddress> servers) {
        byte[] message = new byte[length];
        data.getBytes(index, message);
        return new DnsQuery(message, servers);
    }

    /** The identifier of a message; 0 if it is too short to have one. */
    static int id(ByteBuf data) {
        return data.readableBytes() < 2 ? 0 : data.getUnsignedShort(data.readerIndex());
    }

    /** Whether an answer says that its sender cannot answer, while another may. */
    static boolean isFailure(ByteBuf answer) {
        if (answer.readableBytes() < HEADER_LENGTH) {
            return false;
        }
        int code = answer.getByte(answer.readerIndex() + FLAGS + 1) & RCODE_MASK;
        return code == SERVER_FAILURE || code == NOT_IMPLEMENTED || code == REFUSED;
    }

    int id() {
        return message.length < 2 ? 0 : (message[0] & 0xff) << 8 | (message[1] & 0xff);
    }

    byte[] message() {
        return message;
    }

    boolean hasNext() {
        return asked < servers.size();
    }

    /** The resolver to ask next, or null if all were. */
    @Nullable InetSocketAddress next() {
        return hasNext() ? servers.get(asked++) : null;
    }

    /** The resolver that was asked last. */
    InetSocketAddress current() {
        return servers.get(asked - 1);
    }

    boolean wasAsked(InetSocketAddress server) {
        return servers.subList(0, asked).contains(server);
    }

    void failed(InetSocketAddress server) {
        failed.add(server);
    }

    boolean haveAllFailed() {
        return failed.size() >= servers.size();
    }

    void deadlineNanos(long deadline) {
        deadlineNanos = deadline;
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    /** An answer that says that no resolver could be reached: the query with SERVFAIL in its header; empty if the query has no header. */
    byte[] serverFailure() {
        if (message.length < HEADER_LENGTH) {
            return new byte[0];
        }
        byte[] answer = message.clone();
        answer[FLAGS] |= (byte) RESPONSE;
        answer[FLAGS + 1] = (byte) (RECURSION_AVAILABLE | SERVER_FAILURE);
        return answer;
    }
}
