package io.qnet.slirp;

import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.TcpEgress;
import io.qnet.slirp.icmp.Echo;
import io.qnet.slirp.service.DnsForwarder;
import io.qnet.slirp.service.DnsStreams;
import io.qnet.slirp.service.Resolvers;
import io.qnet.slirp.tcp.MemoryBudget;
import io.qnet.slirp.tcp.TcpConfig;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.slirp.udp.UdpFlows;
import io.qnet.stat.Counters;
import java.util.random.RandomGenerator;

/** What guests have begun: connections, datagrams, echoes and queries, on their way to wherever the egress lets them. Loop thread only. */
final class Flows {
    final Egress egress;
    final FlowLimits limits;
    final Echo echo;
    final UdpFlows udp;
    final DnsForwarder dns;
    final TcpStack tcp;

    Flows(UserSettings settings, IpLayer ip, HostNetwork host, Loop loop, RandomGenerator random, Counters counters) {
        egress = new Egress(settings.network(), settings.egress(), host, counters);
        limits = FlowLimits.of(settings, host, egress);
        echo = new Echo(
                ip.local, ip.output, ip.errors, egress, loop, settings.icmpTimeoutNanos(), limits.echo(), counters);
        udp = new UdpFlows(ip.udpOutput, ip.errors, egress, loop, settings.udpTimeoutNanos(), limits.udp(), counters);
        Resolvers resolvers = new Resolvers(settings.resolvers(), host);
        dns = new DnsForwarder(ip.udpOutput, ip.errors, egress, resolvers, loop, limits.dns(), counters);
        tcp = new TcpStack(
                TcpConfig.DEFAULT.withMaxFlows(limits.tcp()).withKeepAliveNanos(settings.tcpIdleTimeoutNanos()),
                loop,
                ip.output,
                new TcpEgress(egress, new DnsStreams(resolvers, egress, loop)),
                (flow, error, synPacket) ->
                        ip.errors.undeliverable(flow.guest(), error, null, synPacket, loop.nowNanos()),
                new MemoryBudget(settings.memoryBytes()),
                counters,
                random);
    }

    void close() {
        tcp.close();
        dns.close();
        udp.close();
        echo.close();
    }
}
