package io.qnet.internal.socket;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel lets a process ask for. */
public final class KernelLimits {
    private static final Path RMEM_MAX = Path.of("/proc/sys/net/core/rmem_max");
    private static final int WANTED = 4 << 20;
    private static final int WORTH_IT = 1 << 20;

    private static final int RECEIVE_BUFFER = readReceiveBuffer();

    private static final Path PORT_RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    /** What IANA sets apart (RFC 6335 §6), and what is free to use where the kernel does not say. */
    private static final int DYNAMIC_PORTS = 16_384;

    private KernelLimits() {}

    /**
     * SO_RCVBUF for streams: 1 to 4 MiB, or 0 to leave it alone. Asking for a size ends the kernel's own tuning, so a kernel that grants less than 1 MiB is not asked.
     */
    public static int receiveBuffer() {
        return RECEIVE_BUFFER;
    }

    /** How many ports the kernel chooses from for sockets that name none. */
    public static int ephemeralPorts() {
        try {
            String[] bounds = Files.readString(PORT_RANGE).strip().split("\\s+");
            return Math.max(1, Integer.parseInt(bounds[1]) - Integer.parseInt(bounds[0]) + 1);
        } catch (IOException | RuntimeException e) {
            return DYNAMIC_PORTS;
        }
    }

    private static int readReceiveBuffer() {
        try {
            long most = Long.parseLong(Files.readString(RMEM_MAX).strip());
            return most < WORTH_IT ? 0 : (int) Math.min(most, WANTED);
        } catch (IOException | NumberFormatException e) {
            return 0; // not Linux, or hidden: the kernel's tuning
        }
    }
}
