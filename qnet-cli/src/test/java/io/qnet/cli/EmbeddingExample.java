package io.qnet.cli;

import io.qnet.Hub;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.slirp.UserNetdev;
import io.qnet.slirp.forward.ForwardInfo;
import java.util.function.Consumer;

/** The example of the README, as it stands there. */
final class EmbeddingExample {
    private EmbeddingExample() {}

    static void run(byte[] frame, Consumer<byte[]> device) {
        // README
        try (Network network = Network.open()) { // a thread of its own
            Hub lan = network.hub(0); // QEMU's vlan=0
            UserNetdev user = lan.add(UserNetdev.config("u0").hostForward("tcp:127.0.0.1:0-:22"));
            Nic nic = lan.add(Nic.config().mac("52:54:00:12:34:56")); // where the emulator plugs in

            nic.send(frame, 0, frame.length); // the guest sends; from any thread
            for (byte[] received = nic.pollBytes(); received != null; received = nic.pollBytes()) {
                device.accept(received); // the guest receives; nic.onFrame(...) is for those who are called
            }
            for (ForwardInfo forward : user.forwards()) {
                System.out.println(forward.listen() + " leads to the guest's port " + forward.guestPort());
            }
        }
        // README
    }
}
