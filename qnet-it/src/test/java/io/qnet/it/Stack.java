package io.qnet.it;

import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import io.qnet.it.support.ResolvConf;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The two user networks that play the same script: the one under test and the one it is compared with. */
enum Stack {
    QNET {
        @Override
        Running start(List<String> network, ResolvConf resolver) {
            QnetProcess qnet = QnetProcess.start(network, resolver);
            return new Running(qnet.process());
        }
    },
    LIBSLIRP {
        @Override
        Running start(List<String> network, ResolvConf resolver) {
            QemuSlirp slirp = QemuSlirp.start(network, resolver);
            return new Running(slirp.process());
        }
    };

    /** Starts it with a user netdev and a unix stream socket on one hub, and waits until the socket is there. */
    Running start(String userOptions, Path socket, ResolvConf resolver) {
        Running running = start(QemuSlirp.userOnUnixSocket(userOptions, socket), resolver);
        try {
            running.process().await(() -> Files.exists(socket), socket.toString());
        } catch (AssertionError e) {
            running.close();
            throw e;
        }
        return running;
    }

    abstract Running start(List<String> network, ResolvConf resolver);

    /** A user network that runs in a process of its own. */
    record Running(ChildProcess process) implements AutoCloseable {
        @Override
        public void close() {
            process.close();
        }
    }
}
