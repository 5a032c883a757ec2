package io.qnet.slirp;

import io.qnet.host.HostNetwork;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.service.DnsForwarder;

/**
 * The most flows of each kind, so that all together leave descriptors and ports to the rest of the process and the host.
 *
 * @param tcp connections
 * @param udp flows of UDP
 * @param echo identifiers of echoes
 * @param dns ports of guests that ask the name server
 */
record FlowLimits(int tcp, int udp, int echo, int dns) {
    /** Descriptors that are left to the rest of the process. */
    private static final int SPARE_DESCRIPTORS = 256;

    static FlowLimits of(UserSettings settings, HostNetwork host, Egress egress) {
        int descriptors = Math.max(host.descriptorLimit() / 2, host.descriptorLimit() - SPARE_DESCRIPTORS);
        // half of the ports are left to others; a flow has two if its ways to the host and elsewhere are divided
        int ports = Math.min(settings.maxUdp(), host.ephemeralPorts() / (egress.isDivided() ? 4 : 2));
        return new FlowLimits(
                share(descriptors, 40, settings.maxTcp()),
                share(descriptors, 8, ports),
                share(descriptors, 4, ports),
                share(descriptors, 2, DnsForwarder.MAX_FLOWS));
    }

    /** What one kind of flows may have of the descriptors; some are left for listeners, and for the Java machine, which opens files when it loads a class. */
    private static int share(int descriptors, int sixtyFourths, int most) {
        return Math.max(1, (int) Math.min(most, (long) descriptors * sixtyFourths / 64));
    }
}
