package io.qnet.slirp.service;

import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.slirp.udp.Datagram;
import io.qnet.slirp.udp.DatagramHandler;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.wire.IpAddress;

/** The DHCP server on the gateway's UDP port 67: requests to the limited broadcast or to the gateway are answered, and who got an address is known as a neighbour from then on. */
public final class DhcpService implements DatagramHandler {
    private static final int TOS_LOW_DELAY = 0x10;

    private final GuestNetwork network;
    private final DhcpServer server;
    private final IpOutput neighbours;
    private final UdpOutput output;

    /** Serves by {@code output}. */
    public DhcpService(GuestNetwork network, DhcpServer server, IpOutput neighbours, UdpOutput output) {
        this.network = network;
        this.server = server;
        this.neighbours = neighbours;
        this.output = output;
    }

    @Override
    public boolean onDatagram(Datagram datagram, long nowNanos) {
        IpAddress to = datagram.destination();
        boolean served = datagram.destinationPort() == DhcpServer.SERVER_PORT
                && (to.equals(IpAddress.BROADCAST4) || to.equals(network.host4()));
        if (!served) {
            return false;
        }
        // Begun before it is known to whom it goes: the answer is written straight into the packet, and the packet
        // begun again around it.
        OutPacket out = output.begin(network.host4(), IpAddress.BROADCAST4);
        DhcpServer.Answer answer = server.answer(
                datagram.data(),
                datagram.payloadIndex(),
                datagram.payloadLength(),
                datagram.source(),
                out.head(),
                UdpOutput.payloadIndex(out),
                nowNanos);
        if (answer == null) {
            return true;
        }
        IpAddress leased = answer.leased();
        if (leased != null) {
            neighbours.learned(leased, answer.mac());
        }
        out = output.begin(network.host4(), answer.destination());
        out.trafficClass(TOS_LOW_DELAY);
        output.finish(
                out,
                network.host4(),
                DhcpServer.SERVER_PORT,
                answer.destination(),
                DhcpServer.CLIENT_PORT,
                DhcpServer.REPLY_LENGTH);
        return true;
    }
}
