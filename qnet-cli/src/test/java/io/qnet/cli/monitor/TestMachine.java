package io.qnet.cli.monitor;

import io.qnet.Network;
import io.qnet.Nic;
import java.util.ArrayList;
import java.util.List;

/** A machine that notes what is asked of it. */
final class TestMachine implements Machine {
    final Network network;
    final List<String> asked = new ArrayList<>();

    TestMachine(Network network) {
        this.network = network;
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public String version() {
        return "qnet 1.0";
    }

    @Override
    public synchronized void nicAdded(Nic nic) {
        asked.add("added " + nic.id());
    }

    @Override
    public synchronized void nicRemoved(Nic nic) {
        asked.add("removed " + nic.id());
    }

    @Override
    public synchronized void quit() {
        asked.add("quit");
    }
}
