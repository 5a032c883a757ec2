package io.qnet.socket;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Between which ends a datagram netdev sends. Immutable. */
public sealed interface DatagramAddress {
    /** As QEMU's {@code dgram} writes it in {@code info network} (net/dgram.c). */
    String info();

    /**
     * UDP from one address to another. Datagrams are taken from any sender, as in QEMU.
     *
     * @param local where it is bound; port 0 for the host's choice
     * @param remote where frames are sent
     */
    record Udp(InetSocketAddress local, InetSocketAddress remote) implements DatagramAddress {
        @Override
        public String info() {
            return "udp=" + text(local) + "/" + text(remote);
        }
    }

    /**
     * A UDP multicast group.
     *
     * @param group address and port of the group
     * @param local the address of the interface, or null for the host's choice
     */
    record Multicast(InetSocketAddress group, @Nullable Inet4Address local) implements DatagramAddress {
        /** A group on the interface of the host's choice. */
        public Multicast(InetSocketAddress group) {
            this(group, null);
        }

        /** Refuses what is no group. */
        public Multicast {
            if (group.getAddress() == null || !group.getAddress().isMulticastAddress()) {
                throw new IllegalArgumentException("not the address of a group: " + group);
            }
        }

        @Override
        public String info() {
            return "mcast=" + text(group);
        }
    }

    /**
     * Unix datagram sockets.
     *
     * @param local the path at which it is bound; a socket there is replaced, and the file is removed at the end
     * @param remote the path to which frames are sent; nobody need be there
     */
    record Unix(String local, String remote) implements DatagramAddress {
        @Override
        public String info() {
            return "udp=" + local + ":" + remote; // sic: "udp", and a colon
        }
    }

    /**
     * A connected datagram socket that somebody else has opened. It is closed with the netdev.
     *
     * @param number the descriptor
     * @param clonedGroup the group that is joined in its place, or null
     */
    record Descriptor(int number, @Nullable InetSocketAddress clonedGroup) implements DatagramAddress {
        /** A connected socket as it is. */
        public Descriptor(int number) {
            this(number, null);
        }

        @Override
        public String info() {
            return "fd=" + number + (clonedGroup == null ? " unix" : " (cloned mcast=" + text(clonedGroup) + ")");
        }
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
