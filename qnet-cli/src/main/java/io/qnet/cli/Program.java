package io.qnet.cli;

import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.NetworkListener;
import io.qnet.Nic;
import io.qnet.cli.monitor.Machine;
import io.qnet.cli.monitor.Monitors;
import io.qnet.option.OptionException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The program at work: makes what the command line describes and runs until SIGINT or SIGTERM. Then everything is closed (listeners, unix sockets, scripts) and the exit status is 0.
 */
final class Program {
    private static final String NAME = "qnet";

    /** How long a signal waits for a start to come to its end. */
    private static final int START_SECONDS = 10;

    private final ProgramArguments arguments;
    private final PrintStream err;
    /** The network, once it is there with its guests, or nothing if it was refused. */
    private final CompletableFuture<Optional<Network>> started = new CompletableFuture<>();

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Guests guests;
    private volatile boolean isStopping;
    private volatile @Nullable Monitors monitors;

    Program(ProgramArguments arguments, PrintStream err) {
        this.arguments = arguments;
        this.err = err;
        guests = new Guests(err);
    }

    /** Runs; answers the exit status 1 if something was refused. Otherwise it does not return: the process ends in the shutdown hook. */
    int run() {
        if (arguments.transport() != null) {
            System.setProperty("qnet.transport", arguments.transport());
        }
        // Before the first listener is there: a signal that comes during the start finds it.
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, NAME + "-stop"));
        Optional<Network> network = make();
        network.ifPresent(guests::addAll);
        started.complete(network);
        if (network.isEmpty()) {
            return 1;
        }
        Monitors opened = monitors;
        if (opened != null) {
            opened.start(new RunningMachine(network.get()));
        }
        awaitStop();
        return 0;
    }

    private Optional<Network> make() {
        try {
            Monitors opened = new Monitors();
            monitors = opened;
            opened.openAll(arguments.monitors(), System.in, System.out, err);
            return Optional.of(Network.builder()
                    .name("main")
                    .listener(new Warnings())
                    .listener(opened)
                    .parse(arguments.network().toArray(new String[0])));
        } catch (OptionException e) {
            refuse(e.source(), e);
            e.hints().forEach(err::println);
        } catch (NetdevException e) {
            refuse(e.source(), e);
        }
        Monitors refused = monitors;
        if (refused != null) {
            refused.close();
        }
        return Optional.empty();
    }

    /** In the shutdown hook: SIGINT, SIGTERM, or System.exit. What was refused ends with the status of System.exit. */
    private void stop() {
        isStopping = true;
        Monitors opening = monitors;
        if (opening != null && opening.isWaiting()) {
            opening.close(); // there is nothing else yet
            Runtime.getRuntime().halt(0);
        }
        Optional<Network> network = started.completeOnTimeout(Optional.empty(), START_SECONDS, TimeUnit.SECONDS)
                .join();
        if (network.isEmpty()) {
            return;
        }
        if (opening != null) {
            opening.announceEnd("host-signal");
            opening.flush();
        }
        guests.close();
        network.get().close();
        if (opening != null) {
            opening.close();
        }
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
        if (isStopping) {
            return; // it is the stop that ended what was under way
        }
        err.println(NAME + ": " + (source == null ? "" : source + ": ") + e.getMessage());
    }

    /** What the monitors control. */
    private final class RunningMachine implements Machine {
        private final Network network;

        RunningMachine(Network network) {
            this.network = network;
        }

        @Override
        public Network network() {
            return network;
        }

        @Override
        public String version() {
            return NAME + " " + Version.get();
        }

        @Override
        public void nicAdded(Nic nic) {
            guests.add(network, nic);
        }

        @Override
        public void nicRemoved(Nic nic) {
            guests.remove(nic);
        }

        /** The monitor's own thread answers first; the end itself is the shutdown hook's. */
        @Override
        public void quit() {
            if (monitors != null) {
                monitors.announceEnd("host-qmp-quit");
            }
            new Thread(() -> System.exit(0), NAME + "-quit").start();
        }
    }

    /** Prints warnings as QEMU does. */
    private final class Warnings implements NetworkListener {
        @Override
        public void onWarning(String endpoint, String message) {
            err.println(NAME + ": " + (endpoint.isEmpty() ? "" : endpoint + ": ") + "warning: " + message);
        }
    }
}
