package io.qnet.slirp.host;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * An array of {@code struct mmsghdr} of 64-bit Linux with one buffer, one address and one control message each, as recvmmsg(2) and sendmmsg(2) take it. Holds native memory that is freed with it.
 *
 * <p>Loop thread only.
 */
final class MessageVector {
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOL_UDP = 17;

    // struct mmsghdr: a struct msghdr and the length of what was received
    private static final int HEADER_BYTES = 64;
    private static final int NAME_LENGTH = 8;
    private static final int IOV = 16;
    private static final int IOV_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int RECEIVED = 56;

    private static final int IOV_BYTES = 16;
    private static final int NAME_BYTES = 32;
    private static final int NAME4_BYTES = 16;
    private static final int NAME6_BYTES = 28;
    private static final int CONTROL_BYTES = 64;
    private static final int CMSG_HEADER = 16;

    private final Pointer memory;
    private final long address;
    private final int iovs;
    private final int names;
    private final int controls;

    MessageVector(LibC calls, int count) {
        iovs = count * HEADER_BYTES;
        names = iovs + count * IOV_BYTES;
        controls = names + count * NAME_BYTES;
        memory = calls.allocate(controls + count * CONTROL_BYTES);
        address = memory.address();
        for (int i = 0; i < count; i++) {
            int at = i * HEADER_BYTES;
            memory.putLong(at, address + names + (long) i * NAME_BYTES);
            memory.putLong(at + IOV, address + iovs + (long) i * IOV_BYTES);
            memory.putLong(at + IOV_COUNT, 1);
            memory.putLong(at + CONTROL, address + controls + (long) i * CONTROL_BYTES);
        }
    }

    /** Where the message with this number stands. */
    long address(int message) {
        return address + (long) message * HEADER_BYTES;
    }

    /** Sets a message's buffer. */
    void buffer(int message, long at, int length) {
        int iov = iovs + message * IOV_BYTES;
        memory.putLong(iov, at);
        memory.putLong(iov + 8, length);
    }

    /** Makes room in a message for an address and control messages that are to be received. */
    void expect(int message) {
        int at = message * HEADER_BYTES;
        memory.putInt(at + NAME_LENGTH, NAME_BYTES);
        memory.putLong(at + CONTROL_LENGTH, CONTROL_BYTES);
        memory.putInt(at + RECEIVED, 0);
    }

    /** The bytes that a message has received. */
    int received(int message) {
        return memory.getInt(message * HEADER_BYTES + RECEIVED);
    }

    /** Writes the address that a message goes to (struct sockaddr_in, sockaddr_in6). */
    void to(int message, InetSocketAddress to) {
        int at = names + message * NAME_BYTES;
        InetAddress host = to.getAddress();
        byte[] bytes = host.getAddress();
        memory.setMemory(at, NAME_BYTES, (byte) 0);
        memory.putShort(at, (short) (host instanceof Inet4Address ? AF_INET : AF_INET6));
        memory.putByte(at + 2, (byte) (to.getPort() >>> 8));
        memory.putByte(at + 3, (byte) to.getPort());
        memory.put(at + (bytes.length == 4 ? 4 : 8), bytes, 0, bytes.length);
        if (host instanceof Inet6Address scoped) {
            memory.putInt(at + 24, scoped.getScopeId());
        }
        int length = bytes.length == 4 ? NAME4_BYTES : NAME6_BYTES;
        memory.putInt(message * HEADER_BYTES + NAME_LENGTH, length);
    }

    /** Gives a message the address of another one. */
    void toAsIn(int message, int other) {
        int from = names + other * NAME_BYTES;
        int at = names + message * NAME_BYTES;
        for (int i = 0; i < NAME_BYTES; i += 8) {
            memory.putLong(at + i, memory.getLong(from + i));
        }
        memory.putInt(message * HEADER_BYTES + NAME_LENGTH, memory.getInt(other * HEADER_BYTES + NAME_LENGTH));
    }

    /**
     * Sets a message's control message of UDP, of one 16-bit number.
     *
     * @param value 0 for none
     */
    void control(int message, int type, int value) {
        int at = controls + message * CONTROL_BYTES;
        if (value != 0) {
            memory.putLong(at, CMSG_HEADER + 2);
            memory.putInt(at + 8, SOL_UDP);
            memory.putInt(at + 12, type);
            memory.putShort(at + CMSG_HEADER, (short) value);
        }
        memory.putLong(message * HEADER_BYTES + CONTROL_LENGTH, value == 0 ? 0 : CMSG_HEADER + 8);
    }

    /** The number in the control message of UDP of this type that came with a message; 0 if none came. */
    int control(int message, int type) {
        long length = memory.getLong(message * HEADER_BYTES + CONTROL_LENGTH);
        int at = controls + message * CONTROL_BYTES;
        boolean present =
                length >= CMSG_HEADER + 4 && memory.getInt(at + 8) == SOL_UDP && memory.getInt(at + 12) == type;
        return present ? memory.getInt(at + CMSG_HEADER) : 0;
    }

    /**
     * Who sent a message. The same sender as last time is the same object, without allocation.
     *
     * @return null if it is of no family that is known
     */
    @Nullable InetSocketAddress from(int message, Sender last) {
        int at = names + message * NAME_BYTES;
        int family = memory.getShort(at);
        if (family != AF_INET && family != AF_INET6) {
            return null;
        }
        boolean ipv6 = family == AF_INET6;
        long head = memory.getLong(at);
        long high = ipv6 ? memory.getLong(at + 8) : 0;
        long low = ipv6 ? memory.getLong(at + 16) : 0;
        int scope = ipv6 ? memory.getInt(at + 24) : 0;
        if (!last.is(head, high, low, scope)) {
            last.set(head, high, low, scope, address(at, ipv6, scope));
        }
        return last.address;
    }

    private InetSocketAddress address(int at, boolean ipv6, int scope) {
        byte[] bytes = new byte[ipv6 ? 16 : 4];
        memory.get(at + (ipv6 ? 8 : 4), bytes, 0, bytes.length);
        try {
            InetAddress host =
                    scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
            int port = (memory.getByte(at + 2) & 0xff) << 8 | (memory.getByte(at + 3) & 0xff);
            return new InetSocketAddress(host, port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Who sent the last message of a socket: its sockaddr, and the object made of it. */
    static final class Sender {
        private long head;
        private long high;
        private long low;
        private int scope;
        private @Nullable InetSocketAddress address;

        private boolean is(long head, long high, long low, int scope) {
            return address != null && this.head == head && this.high == high && this.low == low && this.scope == scope;
        }

        private void set(long head, long high, long low, int scope, InetSocketAddress address) {
            this.head = head;
            this.high = high;
            this.low = low;
            this.scope = scope;
            this.address = address;
        }
    }
}
