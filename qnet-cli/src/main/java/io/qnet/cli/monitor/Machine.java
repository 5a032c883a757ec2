package io.qnet.cli.monitor;

import io.qnet.Network;
import io.qnet.Nic;
import java.util.List;

/** What a monitor controls. Any thread. */
public interface Machine {
    /** QEMU's version whose monitors these are. */
    List<Integer> QEMU_VERSION = List.of(7, 2, 0);

    /** The network. */
    Network network();

    /** What stands behind the version of QEMU: the program's own name and version. */
    String version();

    /** A NIC has come: the program brings its guest. */
    void nicAdded(Nic nic);

    /** A NIC is about to go: the program ends its guest. */
    void nicRemoved(Nic nic);

    /** Ends the program, soon. */
    void quit();
}
