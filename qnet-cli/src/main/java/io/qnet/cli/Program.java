package io.qnet.cli;

import io.qnet.Endpoint;
import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.NetworkListener;
import io.qnet.Nic;
import io.qnet.option.OptionException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The program at work: makes what the command line describes and runs until SIGINT or SIGTERM. Then everything is closed (listeners, unix sockets, scripts) and the exit status is 0.
 */
final class Program {
    private static final String NAME = "qnet";

    private final ProgramArguments arguments;
    private final PrintStream err;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final List<NicGuest> guests = new ArrayList<>();

    Program(ProgramArguments arguments, PrintStream err) {
        this.arguments = arguments;
        this.err = err;
    }

    /** Runs; answers the exit status 1 if something was refused. Otherwise it does not return: the process ends in the shutdown hook. */
    int run() {
        if (arguments.transport() != null) {
            System.setProperty("qnet.transport", arguments.transport());
        }
        Network network;
        try {
            network = Network.builder()
                    .name("main")
                    .listener(new Warnings())
                    .parse(arguments.network().toArray(new String[0]));
        } catch (OptionException e) {
            refuse(e.source(), e);
            e.hints().forEach(err::println);
            return 1;
        } catch (NetdevException e) {
            refuse(e.source(), e);
            return 1;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(network), NAME + "-stop"));
        startGuests(network);
        awaitStop();
        return 0;
    }

    private void startGuests(Network network) {
        for (Endpoint endpoint : network.endpoints()) {
            if (endpoint instanceof Nic nic) {
                guests.add(NicGuest.start(network, nic, err));
            }
        }
    }

    /** In the shutdown hook: SIGINT, SIGTERM, or System.exit. */
    private void stop(Network network) {
        guests.forEach(NicGuest::close);
        network.close();
        err.flush();
        stopped.countDown();
        Runtime.getRuntime().halt(0);
    }

    private void awaitStop() {
        while (true) {
            try {
                stopped.await();
                return;
            } catch (InterruptedException e) {
                // Nobody interrupts this thread to end the program; signals do.
                Thread.interrupted();
            }
        }
    }

    private void refuse(@Nullable String source, Exception e) {
        err.println(NAME + ": " + (source == null ? "" : source + ": ") + e.getMessage());
    }

    /** Prints warnings as QEMU does. */
    private final class Warnings implements NetworkListener {
        @Override
        public void onWarning(String endpoint, String message) {
            err.println(NAME + ": " + (endpoint.isEmpty() ? "" : endpoint + ": ") + "warning: " + message);
        }
    }
}
