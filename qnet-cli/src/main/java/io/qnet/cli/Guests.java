package io.qnet.cli;

import io.qnet.Network;
import io.qnet.Nic;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The fake guests behind the program's NICs, which come and go with them. Any thread. */
final class Guests implements AutoCloseable {
    private final PrintStream err;
    private final Map<Nic, NicGuest> byNic = new LinkedHashMap<>();

    Guests(PrintStream err) {
        this.err = err;
    }

    void addAll(Network network) {
        network.endpoints(Nic.class).forEach(nic -> add(network, nic));
    }

    synchronized void add(Network network, Nic nic) {
        byNic.put(nic, NicGuest.start(network, nic, err));
    }

    synchronized void remove(Nic nic) {
        NicGuest guest = byNic.remove(nic);
        if (guest != null) {
            guest.close();
        }
    }

    @Override
    public synchronized void close() {
        byNic.values().forEach(NicGuest::close);
        byNic.clear();
    }
}
