package io.qnet.slirp;

import io.qnet.loop.Loop;
import io.qnet.slirp.ip.GuestInput;
import io.qnet.slirp.ip.GuestPort;
import io.qnet.slirp.ip.IcmpErrors;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.LocalAddresses;
import io.qnet.slirp.ip.NeighbourTable;
import io.qnet.slirp.ip.Reassembler;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counters;
import java.util.random.RandomGenerator;

/** What lies below the transports of a user netdev: frames, packets and fragments of both families, in and out, and the errors about them. Loop thread only. */
final class IpLayer {
    private static final int MAX_NEIGHBOURS = 1024;

    final LocalAddresses local;
    final NeighbourTable neighbours = new NeighbourTable(MAX_NEIGHBOURS);
    final IpOutput output;
    final UdpOutput udpOutput;
    final IcmpErrors errors;
    final GuestInput input;
    private final Reassembler reassembler;

    IpLayer(UserSettings settings, GuestPort port, Loop loop, RandomGenerator random, Counters counters) {
        local = new LocalAddresses(settings.network());
        output = new IpOutput(settings.network(), port, neighbours, settings.mtu(), random.nextInt(), loop, counters);
        udpOutput = new UdpOutput(output);
        errors = new IcmpErrors(settings.network(), output, counters);
        reassembler = new Reassembler(loop.allocator(), loop.timers(), errors::reassemblyTimedOut, counters);
        input = new GuestInput(
                settings.network(), local, neighbours, output, errors, reassembler, loop.allocator(), counters);
    }

    void close() {
        reassembler.close();
        input.close();
        output.close();
    }
}
