package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** IPv6 (RFC 8200): one address on the link, one of a prefix, one router, fragments both ways. It is off, and what comes is ignored, until the guest is given an address or asks for one. */
final class Ipv6Layer {
    static final int ETHER_TYPE = 0x86dd;
    static final int FRAGMENT = 44;
    static final InetAddress ANY = address(new byte[16], 0);

    private static final int HEADER = 40;
    private static final int FRAGMENT_HEADER = 8;
    private static final int DEFAULT_HOP_LIMIT = 64;
    private static final int ROOM = GuestStack.ETHERNET + HEADER;

    private final GuestStack stack;
    private final Ipv6Reassembly reassembly;
    private final InetAddress linkLocal;
    private @Nullable InetAddress address;
    private @Nullable InetAddress router;
    private int prefixLength;
    private int identification;
    private boolean on;

    Ipv6Layer(GuestStack stack) {
        this.stack = stack;
        this.reassembly = new Ipv6Reassembly(stack);
        byte[] prefix = new byte[16];
        Bytes.put16(prefix, 0, 0xfe80);
        this.linkLocal = inPrefix(prefix);
    }

    static InetAddress address(byte[] bytes, int at) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, at, at + 16));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The address that a prefix of 64 bits and the guest's MAC address make (RFC 4291, appendix A). */
    InetAddress inPrefix(byte[] prefix) {
        long mac = stack.settings.mac() ^ 0x0200_0000_0000L;
        byte[] bytes = prefix.clone();
        Bytes.put64(bytes, 8, (mac >>> 24 << 40) | 0xff_fe00_0000L | (mac & 0xff_ffff));
        return address(bytes, 0);
    }

    void turnOn() {
        on = true;
    }

    boolean isOn() {
        return on;
    }

    void configure(@Nullable InetAddress own, int length, @Nullable InetAddress gateway) {
        turnOn();
        address = own;
        prefixLength = length;
        router = gateway;
        stack.ndp.forget();
    }

    InetAddress linkLocal() {
        return linkLocal;
    }

    @Nullable InetAddress address() {
        return address;
    }

    boolean isOwn(InetAddress other) {
        return other.equals(linkLocal) || other.equals(address);
    }

    /** The way to an address: from the address in the prefix, but on the link from the one of the link. */
    Path path(InetAddress destination) {
        if (!on) {
            throw new GuestException(GuestException.Reason.NOT_CONFIGURED, stack + " has no IPv6 address yet");
        }
        InetAddress own = address;
        boolean onLink = destination.isLinkLocalAddress() || destination.isMulticastAddress();
        return pathFrom(own == null || onLink ? linkLocal : own, destination);
    }

    Path pathBack(IpIn packet) {
        return packet.unicast ? pathFrom(packet.destination, packet.source) : path(packet.source);
    }

    private Path pathFrom(InetAddress own, InetAddress far) {
        boolean onLink = far.isLinkLocalAddress() || far.isMulticastAddress() || isInPrefix(far);
        InetAddress nextHop = onLink ? far : router;
        if (nextHop == null) {
            throw new GuestException(
                    GuestException.Reason.NOT_CONFIGURED, stack + " has no route to " + far.getHostAddress());
        }
        return new Path(own, far, nextHop, ROOM);
    }

    /** A way of a guest whose address is not certain yet. */
    Path unspecifiedPath(InetAddress group) {
        return new Path(ANY, group, group, ROOM);
    }

    /**
     * Sends what stands in an array from {@link Path#headerRoom} on, in fragments if it must be.
     *
     * @param hops the hop limit, or 0 for the default
     * @return false if the NIC takes nothing now
     */
    boolean send(byte[] frame, Path path, int protocol, int hops, int length) {
        int hopLimit = hops == 0 ? DEFAULT_HOP_LIMIT : hops;
        if (HEADER + length <= stack.settings.mtu()) {
            header(frame, path, protocol, hopLimit, length);
            return transmit(frame, path, ROOM + length);
        }
        int id = ++identification;
        int most = (stack.settings.mtu() - HEADER - FRAGMENT_HEADER) / 8 * 8;
        byte[] payload = Arrays.copyOfRange(frame, ROOM, ROOM + length);
        for (int offset = 0; offset < length; offset += most) {
            int part = Math.min(most, length - offset);
            header(frame, path, FRAGMENT, hopLimit, FRAGMENT_HEADER + part);
            Bytes.put16(frame, ROOM, protocol << 8);
            Bytes.put16(frame, ROOM + 2, offset | (offset + part < length ? 1 : 0));
            Bytes.put32(frame, ROOM + 4, id);
            System.arraycopy(payload, offset, frame, ROOM + FRAGMENT_HEADER, part);
            if (!transmit(frame, path, ROOM + FRAGMENT_HEADER + part)) {
                return false;
            }
        }
        return true;
    }

    void onFrame(byte[] frame) {
        if (!on) {
            return;
        }
        int at = GuestStack.ETHERNET;
        int available = frame.length - at;
        if (available < HEADER || frame[at] >>> 4 != 6 || HEADER + Bytes.u16(frame, at + 4) > available) {
            stack.violations.add("malformed IPv6 header", frame);
            return;
        }
        int length = Bytes.u16(frame, at + 4);
        checkPadding(frame, ROOM + length);
        InetAddress destination = address(frame, at + 24);
        boolean unicast = !destination.isMulticastAddress();
        if (unicast && !isOwn(destination)) {
            return;
        }
        int hopLimit = Bytes.u8(frame, at + 7);
        if (hopLimit == 0) {
            stack.violations.add("hop limit 0", frame);
        }
        int protocol = Bytes.u8(frame, at + 6);
        if (protocol == FRAGMENT) {
            reassembly.onFragment(frame, ROOM, length, unicast);
            return;
        }
        InetAddress source = address(frame, at + 8);
        stack.deliver(new IpIn(source, destination, unicast, protocol, hopLimit, frame, at, ROOM, length));
    }

    void close() {
        reassembly.close();
    }

    private boolean isInPrefix(InetAddress other) {
        InetAddress own = address;
        if (own == null) {
            return false;
        }
        byte[] ours = own.getAddress();
        byte[] theirs = other.getAddress();
        for (int bit = 0; bit < prefixLength; bit++) {
            if (((ours[bit / 8] ^ theirs[bit / 8]) & (0x80 >>> (bit % 8))) != 0) {
                return false;
            }
        }
        return true;
    }

    private void checkPadding(byte[] frame, int from) {
        for (int i = from; i < frame.length; i++) {
            if (frame[i] != 0) {
                stack.violations.add("padding that is not zero", frame);
                return;
            }
        }
    }

    private static void header(byte[] frame, Path path, int protocol, int hopLimit, int length) {
        int at = GuestStack.ETHERNET;
        Bytes.put32(frame, at, 0x6000_0000);
        Bytes.put16(frame, at + 4, length);
        Bytes.put8(frame, at + 6, protocol);
        Bytes.put8(frame, at + 7, hopLimit);
        System.arraycopy(path.sourceBytes(), 0, frame, at + 8, 16);
        System.arraycopy(path.destinationBytes(), 0, frame, at + 24, 16);
    }

    private boolean transmit(byte[] frame, Path path, int length) {
        InetAddress nextHop = path.nextHop;
        long mac = nextHop.isMulticastAddress()
                ? 0x3333_0000_0000L | Bytes.u32(nextHop.getAddress(), 12)
                : stack.ndp.lookUp(nextHop);
        stack.ethernet(frame, mac, ETHER_TYPE);
        if (mac == NeighbourCache.UNKNOWN) {
            stack.ndp.await(nextHop, Arrays.copyOf(frame, length));
            return true;
        }
        return stack.send(frame, length);
    }
}
