package io.qnet.it.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** The client of {@link HttpFiles} as a program of its own, so that it can run where the test cannot: in a guest's namespace. */
public final class HttpTransfer {

    private static final int CHUNK_BYTES = 256 * 1024;
    private static final int TIMEOUT_MILLIS = 60_000;

    private HttpTransfer() {}

    /** The command that prints the SHA-256 of {@code count} bytes that were downloaded. */
    public static List<String> download(String host, int port, long count) {
        return command("http://" + host + ":" + port + "/bytes/" + count);
    }

    /** The command that uploads what {@code GET /bytes/count} would answer and prints the SHA-256 of what arrived. */
    public static List<String> upload(String host, int port, long count) {
        return command("http://" + host + ":" + port + "/", String.valueOf(count));
    }

    private static List<String> command(String... arguments) {
        String classes = HttpTransfer.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        List<String> command = new java.util.ArrayList<>(
                List.of(System.getProperty("java.home") + "/bin/java", "-cp", classes, HttpTransfer.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** {@code URL} downloads, {@code URL COUNT} uploads. */
    public static void main(String[] arguments) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(arguments[0]).openConnection();
        connection.setReadTimeout(TIMEOUT_MILLIS);
        if (arguments.length == 1) {
            System.out.println(digestOf(connection.getInputStream()));
            return;
        }
        long count = Long.parseLong(arguments[1]);
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(count);
        try (OutputStream body = connection.getOutputStream()) {
            HttpFiles.write(count, body);
        }
        System.out.print(new String(connection.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
    }

    private static String digestOf(InputStream body) throws IOException, java.security.NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] chunk = new byte[CHUNK_BYTES];
        for (int length = body.read(chunk); length >= 0; length = body.read(chunk)) {
            digest.update(chunk, 0, length);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
