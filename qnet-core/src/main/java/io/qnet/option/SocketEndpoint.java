package io.qnet.option;

import org.jspecify.annotations.Nullable;

/** QEMU's SocketAddress: the value of {@code addr.*} of stream, of {@code local.*} and {@code remote.*} of dgram. */
public sealed interface SocketEndpoint {
    /**
     * A TCP or UDP address.
     *
     * @param host address or name; may be empty
     * @param port number or service name, not yet checked
     * @param numeric whether names are refused
     * @param to for a listener the last port to try, or -1
     * @param ipv4 whether IPv4 is wanted, null if not said
     * @param ipv6 whether IPv6 is wanted, null if not said
     * @param keepAlive whether TCP keep-alive is on
     * @param mptcp whether multipath TCP is wanted
     */
    record Inet(
            String host,
            String port,
            boolean numeric,
            int to,
            @Nullable Boolean ipv4,
            @Nullable Boolean ipv6,
            boolean keepAlive,
            boolean mptcp)
            implements SocketEndpoint {}

    /**
     * A unix socket.
     *
     * @param path the file, or the name if abstract
     * @param abstractName whether it is a name in Linux's abstract namespace
     * @param tight whether an abstract name has just its own length; else it is padded with zeros to 108 bytes
     */
    record Unix(String path, boolean abstractName, boolean tight) implements SocketEndpoint {}

    /**
     * An open descriptor.
     *
     * @param str its number, or the name it was given in the monitor
     */
    record Fd(String str) implements SocketEndpoint {}

    /** A VM socket: context and port, not yet checked. */
    record Vsock(String cid, String port) implements SocketEndpoint {}

    /** Reads the members of a union made of the branches in {@link NetdevSchemas}. */
    static SocketEndpoint of(OptionValues members) {
        return switch (members.schema().type()) {
            case "inet" ->
                new Inet(
                        members.required("host"),
                        members.required("port"),
                        members.bool("numeric", false),
                        members.int32("to", -1),
                        members.has("ipv4") ? members.bool("ipv4", false) : null,
                        members.has("ipv6") ? members.bool("ipv6", false) : null,
                        members.bool("keep-alive", false),
                        members.bool("mptcp", false));
            case "unix" ->
                new Unix(members.required("path"), members.bool("abstract", false), members.bool("tight", true));
            case "fd" -> new Fd(members.required("str"));
            case "vsock" -> new Vsock(members.required("cid"), members.required("port"));
            default ->
                throw new IllegalStateException(
                        "no socket address: " + members.schema().type());
        };
    }
}
