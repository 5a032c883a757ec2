package io.qnet.slirp.egress;

import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostStream;
import io.qnet.slirp.tcp.Opener;
import io.qnet.slirp.tcp.TcpFlow;
import java.net.InetSocketAddress;

/**
 * Opens guests' connections as the {@link Egress} decides.
 *
 * <p>Loop thread only.
 */
public final class TcpEgress implements Opener {
    private final Egress egress;
    private final StreamService resolvers;

    /**
     * Opens connections through the host's network.
     *
     * @param resolvers who takes connections to the name server
     */
    public TcpEgress(Egress egress, StreamService resolvers) {
        this.egress = egress;
        this.resolvers = resolvers;
    }

    @Override
    public Decision open(TcpFlow flow, HostStream.Handler handler) {
        Verdict verdict =
                egress.decide(Egress.Protocol.TCP, flow.guest(), flow.guestPort(), flow.host(), flow.hostPort());
        if (verdict instanceof Verdict.ToHost target) {
            if (target.port() == 0) {
                return new Decision.Refuse(HostError.REFUSED);
            }
            InetSocketAddress remote = new InetSocketAddress(target.address().toInetAddress(), target.port());
            return new Decision.Accept(
                    egress.hostFor(target.address()).connect(remote, null, egress.connectTimeoutNanos(), handler));
        }
        if (verdict instanceof Verdict.ToResolvers) {
            return serve(resolvers, flow, handler);
        }
        if (verdict instanceof Verdict.ToService service) {
            return serve(service.service(), flow, handler);
        }
        return verdict instanceof Verdict.Refuse refuse ? new Decision.Refuse(refuse.error()) : Decision.DROP;
    }

    private static Decision serve(StreamService service, TcpFlow flow, HostStream.Handler handler) {
        try {
            return new Decision.Accept(service.open(flow.guest(), flow.guestPort(), handler));
        } catch (HostException e) {
            return new Decision.Refuse(e.error());
        }
    }
}
