package io.qnet.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/** Lets a virtual network run while a guest waits. */
final class VirtualDriver implements Waiting.Driver {
    private final VirtualNetwork network;

    VirtualDriver(VirtualNetwork network) {
        this.network = network;
    }

    @Override
    public <T> T call(Callable<T> work) {
        return network.network().call(work);
    }

    @Override
    public void await(BooleanSupplier condition, Future<?> signal, Duration limit) {
        network.run(condition, limit);
    }

    @Override
    public void after(Duration time) {
        network.advance(time);
    }

    @Override
    public void settle() {
        network.settle();
    }

    @Override
    public boolean isVirtual() {
        return true;
    }

    @Override
    public String toString() {
        return " (" + network + ")";
    }
}
