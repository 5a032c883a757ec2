package io.qnet.slirp.files;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A request to read or to write (RFC 1350 §5) with its options (RFC 2347): those that are known and have a value in range, in the order asked.
 *
 * @param isWrite whether the guest wants to write
 * @param name the name of the file, as sent
 * @param options the options to be answered
 * @param refusal why it cannot be served whatever file it names, or null
 */
record TftpRequest(
        boolean isWrite,
        String name,
        List<Option> options,
        @Nullable TftpError refusal) {
    static final int READ = 1;
    static final int WRITE = 2;
    static final String BLOCK_SIZE = "blksize";
    static final String TIMEOUT = "timeout";
    static final String TRANSFER_SIZE = "tsize";
    static final String WINDOW_SIZE = "windowsize";

    /** The longest name that is read, with its end mark (libslirp). */
    private static final int MAX_NAME = 512;

    private static final int MIN_BLOCK = 8;
    private static final int MAX_BLOCK = 65_464;
    private static final int MAX_DIGITS = 18;

    /**
     * An option as it was asked for.
     *
     * @param name in lower case
     * @param value its value, in the range of the option's RFC
     */
    record Option(String name, long value) {}

    /** Reads what follows the operation code. */
    static TftpRequest read(ByteBuf data, int index, int length) {
        boolean isWrite = data.getUnsignedShort(index) == WRITE;
        int end = index + length;
        int nameAt = index + 2;
        int nameEnd = data.indexOf(nameAt, end, (byte) 0);
        if (nameEnd < 0 || nameEnd - nameAt >= MAX_NAME) {
            return refused(isWrite, "", TftpError.ACCESS_VIOLATION);
        }
        String name = data.toString(nameAt, nameEnd - nameAt, StandardCharsets.UTF_8);
        int modeAt = nameEnd + 1;
        int modeEnd = data.indexOf(modeAt, end, (byte) 0);
        if (modeEnd < 0) {
            return refused(isWrite, name, TftpError.ACCESS_VIOLATION);
        }
        String mode = data.toString(modeAt, modeEnd - modeAt, StandardCharsets.US_ASCII);
        if (!mode.equalsIgnoreCase("octet")) {
            return refused(isWrite, name, TftpError.UNSUPPORTED_MODE);
        }
        List<Option> options = options(data, modeEnd + 1, end);
        return options == null
                ? refused(isWrite, name, TftpError.ACCESS_VIOLATION)
                : new TftpRequest(isWrite, name, Collections.unmodifiableList(options), null);
    }

    private static TftpRequest refused(boolean isWrite, String name, TftpError error) {
        return new TftpRequest(isWrite, name, List.of(), error);
    }

    /** The options, or null if one has no end or no value. An option asked for twice is answered once. */
    private static @Nullable List<Option> options(ByteBuf data, int from, int end) {
        List<Option> options = new ArrayList<>();
        int at = from;
        while (at < end) {
            int nameEnd = data.indexOf(at, end, (byte) 0);
            int valueEnd = nameEnd < 0 ? -1 : data.indexOf(nameEnd + 1, end, (byte) 0);
            if (valueEnd < 0) {
                return null;
            }
            String name =
                    data.toString(at, nameEnd - at, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
            String value = data.toString(nameEnd + 1, valueEnd - nameEnd - 1, StandardCharsets.US_ASCII);
            long number = number(value);
            if (isKnown(name, number)
                    && options.stream().noneMatch(option -> option.name().equals(name))) {
                options.add(new Option(name, number));
            }
            at = valueEnd + 1;
        }
        return options;
    }

    /** RFC 2348, RFC 2349, RFC 7440: what is out of range is not acknowledged, as if it had not been asked for. */
    private static boolean isKnown(String name, long value) {
        return switch (name) {
            case BLOCK_SIZE -> value >= MIN_BLOCK && value <= MAX_BLOCK;
            case TIMEOUT -> value >= 1 && value <= 255;
            case TRANSFER_SIZE -> value >= 0;
            case WINDOW_SIZE -> value >= 1 && value <= 65_535;
            default -> false;
        };
    }

    /** A decimal number, or -1. */
    private static long number(String text) {
        if (text.isEmpty() || text.length() > MAX_DIGITS) {
            return -1;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return -1;
            }
        }
        return Long.parseLong(text);
    }

    /** The value of an option, or another if it was not asked for. */
    long option(String wanted, long otherwise) {
        for (Option option : options) {
            if (option.name().equals(wanted)) {
                return option.value();
            }
        }
        return otherwise;
    }
}
