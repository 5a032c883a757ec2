package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import io.qnet.testkit.codec.Mac;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** IPv4 (RFC 791): one address, one router, fragments both ways. */
final class Ipv4Layer {
    static final int ETHER_TYPE = 0x0800;
    static final InetAddress ANY = of(0);
    static final InetAddress BROADCAST = of(-1);

    private static final int HEADER = 20;
    private static final int DEFAULT_TTL = 64;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;

    private final GuestStack stack;
    private final Ipv4Reassembly reassembly;
    private @Nullable InetAddress address;
    private @Nullable InetAddress router;
    private int mask;
    private int identification;

    Ipv4Layer(GuestStack stack) {
        this.stack = stack;
        this.reassembly = new Ipv4Reassembly(stack);
        this.identification = stack.random.nextInt(0x10000);
    }

    static InetAddress of(int bits) {
        byte[] bytes = new byte[4];
        Bytes.put32(bytes, 0, bits);
        return of(bytes);
    }

    static InetAddress address(byte[] bytes, int at) {
        return of(Bytes.i32(bytes, at));
    }

    static void put(byte[] bytes, int at, InetAddress address) {
        System.arraycopy(address.getAddress(), 0, bytes, at, 4);
    }

    void configure(@Nullable InetAddress own, int prefixLength, @Nullable InetAddress gateway) {
        address = own;
        mask = prefixLength == 0 ? 0 : -1 << (32 - prefixLength);
        router = gateway;
        stack.arp.forget();
    }

    @Nullable InetAddress address() {
        return address;
    }

    @Nullable InetAddress router() {
        return router;
    }

    /** The way to an address. */
    Path path(InetAddress destination) {
        InetAddress own = address;
        if (own == null) {
            throw new GuestException(GuestException.Reason.NOT_CONFIGURED, stack + " has no address yet");
        }
        boolean onLink = isOnLink(destination) || destination.isMulticastAddress() || isBroadcast(destination);
        InetAddress nextHop = onLink ? destination : router;
        if (nextHop == null) {
            throw new GuestException(
                    GuestException.Reason.NOT_CONFIGURED, stack + " has no route to " + destination.getHostAddress());
        }
        return new Path(own, destination, nextHop, GuestStack.ETHERNET + HEADER);
    }

    /** The way of a guest without an address: from 0.0.0.0 to everybody. */
    Path broadcastPath() {
        InetAddress own = address;
        return new Path(own == null ? ANY : own, BROADCAST, BROADCAST, GuestStack.ETHERNET + HEADER);
    }

    /**
     * Sends what stands in an array from {@link Path#headerRoom} on, in fragments if it must be.
     *
     * @param ttl the TTL, or 0 for the default
     * @return false if the NIC takes nothing now
     */
    boolean send(byte[] frame, Path path, int protocol, int ttl, int length) {
        boolean wholeTcp = protocol == TcpLayer.PROTOCOL;
        int id = wholeTcp ? 0 : identification++ & 0xffff;
        int timeToLive = ttl == 0 ? DEFAULT_TTL : ttl;
        if (HEADER + length <= stack.settings.mtu()) {
            header(frame, path, protocol, timeToLive, id, wholeTcp ? DONT_FRAGMENT : 0, length);
            return transmit(frame, path, path.headerRoom + length);
        }
        int most = (stack.settings.mtu() - HEADER) / 8 * 8;
        byte[] payload = Arrays.copyOfRange(frame, path.headerRoom, path.headerRoom + length);
        for (int offset = 0; offset < length; offset += most) {
            int part = Math.min(most, length - offset);
            System.arraycopy(payload, offset, frame, path.headerRoom, part);
            int more = offset + part < length ? MORE_FRAGMENTS : 0;
            header(frame, path, protocol, timeToLive, id, more | (offset / 8), part);
            if (!transmit(frame, path, path.headerRoom + part)) {
                return false;
            }
        }
        return true;
    }

    void onFrame(byte[] frame) {
        int at = GuestStack.ETHERNET;
        int available = frame.length - at;
        int headerLength = available < HEADER ? 0 : (frame[at] & 0xf) * 4;
        int total = available < HEADER ? 0 : Bytes.u16(frame, at + 2);
        if (headerLength < HEADER || frame[at] >>> 4 != 4 || total < headerLength || total > available) {
            stack.violations.add("malformed IPv4 header", frame);
            return;
        }
        if (!InternetChecksum.isRight(0, frame, at, headerLength)) {
            stack.violations.add("wrong IPv4 header checksum", frame);
            return;
        }
        checkPadding(frame, at + total);
        InetAddress destination = address(frame, at + 16);
        boolean unicast = !isBroadcast(destination) && !destination.isMulticastAddress();
        if (unicast && address != null && !destination.equals(address)) {
            return;
        }
        int protocol = Bytes.u8(frame, at + 9);
        int ttl = Bytes.u8(frame, at + 8);
        if (ttl == 0) {
            stack.violations.add("TTL 0", frame);
        }
        InetAddress source = address(frame, at + 12);
        int payloadAt = at + headerLength;
        int length = total - headerLength;
        if ((Bytes.u16(frame, at + 6) & (MORE_FRAGMENTS | 0x1fff)) != 0) {
            reassembly.onFragment(frame, at, payloadAt, length, unicast);
            return;
        }
        stack.deliver(new IpIn(source, destination, unicast, protocol, ttl, frame, at, payloadAt, length));
    }

    boolean isBroadcast(InetAddress destination) {
        int bits = Bytes.i32(destination.getAddress(), 0);
        InetAddress own = address;
        return bits == -1
                || (own != null && mask != -1 && mask != 0 && isOnLink(destination) && (bits & ~mask) == ~mask);
    }

    void close() {
        reassembly.close();
    }

    private boolean isOnLink(InetAddress destination) {
        InetAddress own = address;
        return own != null
                && destination.getAddress().length == 4
                && ((Bytes.i32(destination.getAddress(), 0) ^ Bytes.i32(own.getAddress(), 0)) & mask) == 0;
    }

    private void checkPadding(byte[] frame, int from) {
        for (int i = from; i < frame.length; i++) {
            if (frame[i] != 0) {
                stack.violations.add("padding that is not zero", frame);
                return;
            }
        }
    }

    private static void header(byte[] frame, Path path, int protocol, int ttl, int id, int fragment, int length) {
        int at = path.headerRoom - HEADER;
        Bytes.put16(frame, at, 0x4500);
        Bytes.put16(frame, at + 2, HEADER + length);
        Bytes.put16(frame, at + 4, id);
        Bytes.put16(frame, at + 6, fragment);
        Bytes.put8(frame, at + 8, ttl);
        Bytes.put8(frame, at + 9, protocol);
        Bytes.put16(frame, at + 10, 0);
        System.arraycopy(path.sourceBytes(), 0, frame, at + 12, 4);
        System.arraycopy(path.destinationBytes(), 0, frame, at + 16, 4);
        Bytes.put16(frame, at + 10, InternetChecksum.finish(InternetChecksum.add(0, frame, at, HEADER)));
    }

    private boolean transmit(byte[] frame, Path path, int length) {
        long mac = macOf(path.nextHop);
        stack.ethernet(frame, mac, ETHER_TYPE);
        if (mac == NeighbourCache.UNKNOWN) {
            int padded = Math.max(60, length);
            byte[] kept = new byte[padded];
            System.arraycopy(frame, 0, kept, 0, length);
            stack.arp.await(path.nextHop, kept);
            return true;
        }
        return stack.send(frame, length);
    }

    private long macOf(InetAddress nextHop) {
        if (isBroadcast(nextHop)) {
            return Mac.BROADCAST;
        }
        if (nextHop.isMulticastAddress()) {
            return 0x0100_5e00_0000L | (Bytes.i32(nextHop.getAddress(), 0) & 0x7f_ffff);
        }
        return stack.arp.lookUp(nextHop);
    }

    private static InetAddress of(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
