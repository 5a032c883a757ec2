package io.qnet.it.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A Linux guest in QEMU under emulation, which boots in about three seconds and then runs one shell script at a time
 * for the test. The kernel's console goes to a file that a failure shows; commands and their output have the second
 * serial port to themselves.
 *
 * <p>For one thread.
 */
public final class QemuGuest implements AutoCloseable {

    private static final String CONSOLE = "console";
    private static final String CAPTURE = "guest.pcap";
    private static final int MAX_SCRIPT_BYTES = 2800;

    private final ChildProcess qemu;
    private final Path folder;

    private QemuGuest(ChildProcess qemu, Path folder) {
        this.qemu = qemu;
        this.folder = folder;
    }

    /** What a script did: its exit status and everything it printed. */
    public record Result(int status, String output) {}

    /**
     * Boots a guest.
     *
     * @param initramfs its root file system
     * @param netdev how its virtio network card is joined: the value of QEMU's {@code -netdev} without an id
     */
    public static QemuGuest boot(Initramfs initramfs, String netdev) {
        try {
            Path folder = Files.createTempDirectory("qnet-guest");
            Path archive = initramfs.writeTo(folder.resolve("initramfs"));
            List<String> command = new ArrayList<>();
            command.add(Commands.require("qemu-system-x86_64").toString());
            command.addAll(words("-M pc,accel=tcg -cpu max -m 256 -nodefaults -display none -no-reboot"));
            command.addAll(List.of("-kernel", initramfs.kernel().image().toString(), "-initrd", archive.toString()));
            command.addAll(List.of("-append", "console=ttyS0 quiet panic=-1 random.trust_cpu=on"));
            command.addAll(List.of("-serial", "file:" + folder.resolve(CONSOLE), "-serial", "stdio"));
            command.addAll(List.of("-netdev", netdev + ",id=n0", "-device", "virtio-net-pci,netdev=n0"));
            command.add("-object");
            command.add("filter-dump,id=dump,netdev=n0,maxlen=128,file=" + folder.resolve(CAPTURE));
            QemuGuest guest = new QemuGuest(ChildProcess.startRaw("guest", command, Map.of()), folder);
            guest.awaitReady();
            return guest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> words(String options) {
        return List.of(options.split(" "));
    }

    /** Runs a shell script in the guest and waits for its end. */
    public Result run(String script) {
        byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_SCRIPT_BYTES) {
            // The guest's terminal buffers 4096 bytes, base64 makes four of three.
            throw new IllegalArgumentException("script of " + bytes.length + " bytes");
        }
        return within(
                () -> {
                    byte[] line =
                            (Base64.getEncoder().encodeToString(bytes) + "\n").getBytes(StandardCharsets.US_ASCII);
                    qemu.stdin().write(line);
                    qemu.stdin().flush();
                    String[] done = readLine().split(" ");
                    if (done.length != 3 || !done[0].equals("DONE")) {
                        throw new IOException("unexpected answer: " + String.join(" ", done));
                    }
                    byte[] output = qemu.stdout().readNBytes(Integer.parseInt(done[2]));
                    return new Result(Integer.parseInt(done[1]), new String(output, StandardCharsets.UTF_8).strip());
                },
                script);
    }

    /** Runs a shell script that must succeed; returns what it printed. */
    public String ok(String script) {
        Result result = run(script);
        if (result.status() != 0) {
            throw new AssertionError(
                    "in the guest: " + script + "\nexit status " + result.status() + "\n" + result.output());
        }
        return result.output();
    }

    /** Takes a lease by DHCP on eth0 and configures the card with it; returns udhcpc's report. */
    public String takeLease() {
        return ok("ip link set eth0 up && udhcpc -i eth0 -n -q -f -t 10 -T 1 -s /etc/udhcpc.script");
    }

    /** QEMU's output, the kernel's console and where the capture of the guest's traffic is kept: for a failed test. */
    public String describe() {
        try {
            Path console = folder.resolve(CONSOLE);
            Path capture = folder.resolve(CAPTURE);
            String kept = "none";
            if (Files.exists(capture)) {
                kept = Files.copy(capture, Captures.newFile("guest"), StandardCopyOption.REPLACE_EXISTING)
                        .toString();
            }
            return qemu.describe() + "\n--- console\n"
                    + (Files.exists(console) ? Files.readString(console, StandardCharsets.ISO_8859_1) : "")
                    + "\n--- capture: " + kept;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the machine. */
    @Override
    public void close() {
        qemu.close();
        TemporaryFiles.delete(folder);
    }

    private void awaitReady() {
        try {
            within(
                    () -> {
                        if (!readLine().equals("READY")) {
                            throw new IOException("the guest did not come up");
                        }
                        return null;
                    },
                    "boot");
        } catch (RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private String readLine() throws IOException {
        InputStream in = qemu.stdout();
        StringBuilder line = new StringBuilder();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                throw new IOException("the machine ended");
            }
            line.append((char) octet);
        }
        return line.toString();
    }

    private interface Exchange<T> {
        T run() throws IOException;
    }

    /** Runs an exchange with the guest under the hang limit; when it fails, the machine is ended and shown. */
    private <T> T within(Exchange<T> exchange, String what) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        answer.complete(exchange.run());
                    } catch (IOException | RuntimeException e) {
                        answer.completeExceptionally(e);
                    }
                },
                "guest-exchange");
        thread.setDaemon(true);
        thread.start();
        try {
            return answer.get(limit().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            qemu.kill();
            throw new AssertionError("in the guest: " + what + ": " + e + "\n" + describe(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Duration limit() {
        return ChildProcess.HANG.multipliedBy(3);
    }
}
