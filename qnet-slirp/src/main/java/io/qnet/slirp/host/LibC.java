package io.qnet.slirp.host;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * The calls of Linux's libc that neither Netty nor the JDK offers: sockets for ICMP, and the error queue of a socket (ip(7), IP_RECVERR). Loading takes some hundred milliseconds, so it is done off the
 * loop and only when something needs it.
 *
 * <p>One loop's; its thread only, once loaded.
 */
final class LibC {
    /** The functions, as jnr-ffi binds them. */
    public interface Calls {
        /** socket(2). */
        int socket(int domain, int type, int protocol);

        /** recvmsg(2); the message is an address of 64 bits. */
        long recvmsg(int descriptor, long message, int flags);

        /** recvmmsg(2); messages and time limit are addresses. */
        int recvmmsg(int descriptor, long messages, int count, int flags, long timeout);

        /** sendmmsg(2); the messages are an address. */
        int sendmmsg(int descriptor, long messages, int count, int flags);
    }

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK_CLOEXEC = 0x80800;
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_ERRQUEUE_DONTWAIT = 0x2040;

    // struct msghdr of 64-bit Linux, and what it points to, in one block of memory
    private static final int MSG_NAMELEN = 8;
    private static final int MSG_IOV = 16;
    private static final int MSG_IOVLEN = 24;
    private static final int MSG_CONTROL = 32;
    private static final int MSG_CONTROLLEN = 40;
    private static final int IOV = 56;
    private static final int NAME = 72;
    private static final int NAME_BYTES = 32;
    private static final int DATA = NAME + NAME_BYTES;
    private static final int DATA_BYTES = 128;
    private static final int CONTROL = DATA + DATA_BYTES;
    private static final int CONTROL_BYTES = 512;
    private static final int CMSG_HEADER = 16;
    private static final int OFFENDER = 16;

    private final Calls calls;
    private final Runtime runtime;
    private final Pointer memory;

    private LibC(Calls calls) {
        this.calls = calls;
        runtime = Runtime.getRuntime(calls);
        memory = allocate(CONTROL + CONTROL_BYTES);
    }

    /**
     * Loads the library; blocks.
     *
     * @throws RuntimeException or an {@link Error} if there is no native access or no 64-bit Linux
     */
    static LibC load() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            throw new UnsupportedOperationException("ping sockets and error queues are known on Linux only");
        }
        Calls calls = LibraryLoader.create(Calls.class).failImmediately().load("c");
        if (Runtime.getRuntime(calls).addressSize() != Long.BYTES) {
            throw new UnsupportedOperationException("ping sockets and error queues are known on 64-bit Linux only");
        }
        return new LibC(calls);
    }

    /** Opens a ping socket (no privilege but the sysctl ping_group_range); -1 if the host does not allow it. */
    int openPing(boolean ipv6) {
        return open(ipv6, SOCK_DGRAM);
    }

    /** Opens a raw ICMP socket (CAP_NET_RAW); -1 if the host does not allow it. */
    int openRaw(boolean ipv6) {
        return open(ipv6, SOCK_RAW);
    }

    private int open(boolean ipv6, int type) {
        return calls.socket(
                ipv6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK_CLOEXEC, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    }

    /** As recvmmsg(2), without waiting: the number of messages, or -1 and {@link #errno()}. */
    int receiveMany(int descriptor, long messages, int count) {
        return calls.recvmmsg(descriptor, messages, count, MSG_DONTWAIT, 0);
    }

    /** As sendmmsg(2), without waiting: the number of messages, or -1 and {@link #errno()}. */
    int sendMany(int descriptor, long messages, int count) {
        return calls.sendmmsg(descriptor, messages, count, MSG_DONTWAIT);
    }

    /** Why the last call on this thread failed. */
    int errno() {
        return runtime.getLastError();
    }

    /** Memory that is zeroed, for the structures of calls; freed with its object. */
    Pointer allocate(int bytes) {
        return Memory.allocateDirect(runtime, bytes, true);
    }

    /** Takes one entry from the error queue of a socket into {@code entry}; false if there is none. */
    boolean receiveError(int descriptor, ErrorEntry entry) {
        memory.setMemory(0, IOV, (byte) 0);
        memory.putAddress(0, memory.address() + NAME);
        memory.putInt(MSG_NAMELEN, NAME_BYTES);
        memory.putAddress(MSG_IOV, memory.address() + IOV);
        memory.putLong(MSG_IOVLEN, 1);
        memory.putAddress(MSG_CONTROL, memory.address() + CONTROL);
        memory.putLong(MSG_CONTROLLEN, CONTROL_BYTES);
        memory.putAddress(IOV, memory.address() + DATA);
        memory.putLong(IOV + 8, DATA_BYTES);
        long received = calls.recvmsg(descriptor, memory.address(), MSG_ERRQUEUE_DONTWAIT);
        if (received < 0) {
            return false;
        }
        entry.clear();
        entry.to = address(NAME, memory.getInt(MSG_NAMELEN));
        entry.payloadLength = (int) Math.min(received, DATA_BYTES);
        memory.get(DATA, entry.payload, 0, entry.payloadLength);
        readControl(entry);
        return true;
    }

    private void readControl(ErrorEntry entry) {
        long length = Math.min(memory.getLong(MSG_CONTROLLEN), CONTROL_BYTES);
        int at = 0;
        while (at + CMSG_HEADER <= length) {
            int cmsg = CONTROL + at;
            long cmsgLength = memory.getLong(cmsg);
            if (cmsgLength < CMSG_HEADER || at + cmsgLength > length) {
                return;
            }
            int level = memory.getInt(cmsg + 8);
            int type = memory.getInt(cmsg + 12);
            if ((level == ErrorEntry.IPPROTO_IP && type == ErrorEntry.IP_RECVERR)
                    || (level == ErrorEntry.IPPROTO_IPV6 && type == ErrorEntry.IPV6_RECVERR)) {
                readError(entry, cmsg + CMSG_HEADER, (int) cmsgLength - CMSG_HEADER);
            }
            at += (int) ((cmsgLength + 7) & ~7L);
        }
    }

    /** struct sock_extended_err, then the address of whoever sent the error. */
    private void readError(ErrorEntry entry, int at, int length) {
        if (length < OFFENDER) {
            return;
        }
        entry.errno = memory.getInt(at);
        entry.origin = memory.getByte(at + 4) & 0xff;
        entry.icmpType = memory.getByte(at + 5) & 0xff;
        entry.icmpCode = memory.getByte(at + 6) & 0xff;
        entry.info = memory.getInt(at + 8);
        InetSocketAddress offender = address(at + OFFENDER, length - OFFENDER);
        entry.offender = offender == null ? null : offender.getAddress();
    }

    /** A struct sockaddr_in or sockaddr_in6; null if it is neither. */
    private @Nullable InetSocketAddress address(int at, int length) {
        int family = length < 8 ? 0 : memory.getShort(at);
        int port = length < 8 ? 0 : (memory.getByte(at + 2) & 0xff) << 8 | (memory.getByte(at + 3) & 0xff);
        if (family == AF_INET) {
            return new InetSocketAddress(inetAddress(at + 4, 4), port);
        }
        return family == AF_INET6 && length >= 24 ? new InetSocketAddress(inetAddress(at + 8, 16), port) : null;
    }

    private InetAddress inetAddress(int at, int length) {
        byte[] bytes = new byte[length];
        memory.get(at, bytes, 0, length);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
