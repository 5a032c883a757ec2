package io.qnet.slirp;

import io.qnet.option.HostForward;
import io.qnet.slirp.UsernetInfo.Protocol;
import io.qnet.slirp.UsernetInfo.Row;
import io.qnet.slirp.forward.ForwardInfo;
import io.qnet.slirp.icmp.EchoFlowInfo;
import io.qnet.slirp.tcp.TcpFlowInfo;
import io.qnet.slirp.tcp.TcpState;
import io.qnet.slirp.udp.UdpFlowInfo;
import io.qnet.wire.IpAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Collects what {@code info usernet} shows, in its order. Loop thread only. */
final class UsernetRows {
    private static final long SECOND = 1_000_000_000L;

    private UsernetRows() {}

    static List<Row> of(UserStack stack) {
        List<Row> rows = new ArrayList<>();
        forwards(rows, stack, HostForward.Protocol.TCP, Protocol.TCP);
        for (TcpFlowInfo info : stack.tcp().flows()) {
            rows.add(tcp(info));
        }
        forwards(rows, stack, HostForward.Protocol.UDP, Protocol.UDP);
        for (UdpFlowInfo info : stack.udp().flows()) {
            rows.add(udp(info));
        }
        for (UdpFlowInfo info : stack.dns().flows()) {
            rows.add(udp(info));
        }
        for (EchoFlowInfo info : stack.echo().flows()) {
            rows.add(new Row(Protocol.ICMP, seconds(info.remainingNanos()), info.guest(), 0, info.to(), 0, 0, 0));
        }
        return rows;
    }

    /** Forwards of a unix socket have no address to show and are left out, as in QEMU. */
    private static void forwards(List<Row> rows, UserStack stack, HostForward.Protocol which, Protocol protocol) {
        for (ForwardInfo info : stack.forwards().list()) {
            if (info.protocol() == which && info.listen() instanceof InetSocketAddress listen) {
                IpAddress host = IpAddress.of(listen.getAddress());
                rows.add(new Row(
                        protocol, "HOST_FORWARD", host, listen.getPort(), info.guest(), info.guestPort(), 0, 0));
            }
        }
    }

    private static Row tcp(TcpFlowInfo info) {
        IpAddress guest = info.flow().guest();
        IpAddress host = info.flow().host();
        int guestPort = info.flow().guestPort();
        int hostPort = info.flow().hostPort();
        return new Row(
                Protocol.TCP,
                state(info.state()),
                info.fromHost() ? host : guest,
                info.fromHost() ? hostPort : guestPort,
                info.fromHost() ? guest : host,
                info.fromHost() ? guestPort : hostPort,
                info.toHostBytes(),
                info.toGuestBytes());
    }

    private static Row udp(UdpFlowInfo info) {
        return new Row(
                Protocol.UDP,
                seconds(info.remainingNanos()),
                info.guest(),
                info.guestPort(),
                info.to(),
                info.toPort(),
                0,
                0);
    }

    /** QEMU's word. While the host is still being connected to, libslirp has taken the guest's SYN and says so. */
    private static String state(TcpState state) {
        return state == TcpState.SYN_RECEIVED || state == TcpState.CONNECTING ? "SYN_RCVD" : state.name();
    }

    private static String seconds(long nanos) {
        return nanos / SECOND + " sec";
    }
}
