package io.qnet.cli.demo;

import io.qnet.Network;
import io.qnet.filter.PcapDump;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The pcap file of the demo: what passes the user netdev, the first 128 bytes of each frame, the first 16 MiB of them. */
final class DemoCapture {
    private static final String FILTER = "demo-dump";
    private static final int SNAP_LENGTH = 128;
    private static final long MAX_BYTES = 16 << 20;
    private static final int FLUSH_SECONDS = 10;

    private final Network network;
    private final PcapDump dump;

    private DemoCapture(Network network, PcapDump dump) {
        this.network = network;
        this.dump = dump;
    }

    static DemoCapture start(Network network, String netdev) throws IOException {
        Path file = Files.createTempFile("qnet-demo-", ".pcap");
        PcapDump dump = network.call(
                () -> PcapDump.open(network.loop(), file, SNAP_LENGTH, MAX_BYTES, System.currentTimeMillis()));
        network.addFilter(FILTER, netdev, dump, null);
        return new DemoCapture(network, dump);
    }

    /** Closes the file; answers what to say about it. */
    String finish() throws IOException, InterruptedException {
        network.removeFilter(FILTER);
        try {
            Path file = dump.finished().toCompletableFuture().get(FLUSH_SECONDS, TimeUnit.SECONDS);
            return "Captured (first " + SNAP_LENGTH + " bytes of each frame, at most " + (MAX_BYTES >> 20) + " MiB): "
                    + file + ", " + Files.size(file) + " bytes";
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the capture could not be written: " + e.getMessage(), e);
        }
    }
}
