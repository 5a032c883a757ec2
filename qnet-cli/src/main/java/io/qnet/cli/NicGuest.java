package io.qnet.cli;

import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.Lease;
import java.io.PrintStream;

/** What stands behind {@code -net nic} in the program: a fake guest that takes a lease, says which, and answers ping. */
final class NicGuest implements AutoCloseable {
    private final FakeGuest guest;
    private final Thread thread;

    private NicGuest(Network network, Nic nic, PrintStream err) {
        guest = FakeGuest.builder()
                .name(nic.id())
                .mac(nic.mac().toString())
                .lenient()
                .on(network, nic);
        thread = new Thread(() -> takeLease(err), "qnet-" + nic.id());
        thread.setDaemon(true);
    }

    static NicGuest start(Network network, Nic nic, PrintStream err) {
        NicGuest started = new NicGuest(network, nic, err);
        started.thread.start();
        return started;
    }

    private void takeLease(PrintStream err) {
        try {
            Lease lease = guest.dhcp();
            err.println("qnet: " + guest.name() + ": " + guest.mac() + " has "
                    + lease.address().getHostAddress());
        } catch (GuestException e) {
            err.println("qnet: " + guest.name() + ": no lease: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        guest.close();
        thread.interrupt();
    }
}
