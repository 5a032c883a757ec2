package io.qnet.slirp;

import io.qnet.wire.IpAddress;
import java.util.List;
import java.util.Locale;

/**
 * The flows and forwards of a user netdev at one moment; {@link #toText} is QEMU's {@code info usernet} (libslirp: misc.c, slirp_connection_info).
 *
 * @param name the netdev's name
 * @param rows connections and their forwards first, then UDP, then ICMP
 */
public record UsernetInfo(String name, List<Row> rows) {
    private static final String HEADER =
            "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\n";

    /** Copies the list. */
    public UsernetInfo {
        rows = List.copyOf(rows);
    }

    /** Which protocol a row is about. */
    public enum Protocol {
        /** A connection, or a forward of connections. */
        TCP,
        /** A flow of datagrams, or a forward of datagrams. */
        UDP,
        /** Echo. */
        ICMP
    }

    /**
     * One flow or forward.
     *
     * @param protocol its protocol
     * @param state the state as QEMU writes it: {@code ESTABLISHED}, {@code HOST_FORWARD}, {@code 239 sec}
     * @param source the guest, or the port of the host that is forwarded
     * @param sourcePort its port; of no meaning for ICMP
     * @param destination the far end, or the guest that is forwarded to
     * @param destinationPort its port; of no meaning for ICMP
     * @param receiveQueue bytes that wait to be sent to the host
     * @param sendQueue bytes that wait to be acknowledged by the guest
     */
    public record Row(
            Protocol protocol,
            String state,
            IpAddress source,
            int sourcePort,
            IpAddress destination,
            int destinationPort,
            long receiveQueue,
            long sendQueue) {}

    /**
     * The text of {@code info usernet}. Descriptors are not known above the host's sockets and are shown as -1.
     *
     * @param hub the number of the hub that the netdev is on, or -1
     */
    public String toText(int hub) {
        StringBuilder text = new StringBuilder();
        text.append("Hub ").append(hub).append(" (").append(name).append("):\n").append(HEADER);
        for (Row row : rows) {
            text.append(line(row));
        }
        return text.toString();
    }

    private static String line(Row row) {
        String first = "  " + row.protocol + "[" + row.state + "]";
        String source = row.source.equals(IpAddress.ANY4) ? "*" : row.source.toString();
        if (row.protocol == Protocol.ICMP) {
            return String.format(
                    Locale.ROOT,
                    "%-19s %3d %15s  -    %15s  -    %5d %5d\n",
                    first,
                    -1,
                    source,
                    row.destination,
                    row.receiveQueue,
                    row.sendQueue);
        }
        return String.format(
                Locale.ROOT,
                "%-19s %3d %15s %5d %15s %5d %5d %5d\n",
                first,
                -1,
                source,
                row.sourcePort,
                row.destination,
                row.destinationPort,
                row.receiveQueue,
                row.sendQueue);
    }
}
