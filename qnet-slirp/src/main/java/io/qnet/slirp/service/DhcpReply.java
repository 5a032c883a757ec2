package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Writes a reply of {@value #LENGTH} bytes (RFC 2131 §2), every byte of it: what is not set is zero. An option that does not fit any more is left out. */
final class DhcpReply {
    /** The length of every reply, as libslirp's. */
    static final int LENGTH = 548;

    private static final int BOOTREPLY = 2;
    private static final int ETHERNET = 1;
    private static final int FILE_OFFSET = 108;
    private static final int FILE_LENGTH = 128;
    private static final int OPTION_MAX = 255;

    private final ByteBuf buffer;
    private final int index;
    private int at;
    private boolean complete = true;

    DhcpReply(ByteBuf buffer, int index, DhcpMessage request, int yourAddress, int serverAddress) {
        this.buffer = buffer;
        this.index = index;
        buffer.setZero(index, LENGTH);
        buffer.setByte(index, BOOTREPLY);
        buffer.setByte(index + 1, ETHERNET);
        buffer.setByte(index + 2, 6);
        buffer.setInt(index + 4, request.transactionId());
        buffer.setInt(index + 16, yourAddress);
        buffer.setInt(index + 20, serverAddress);
        buffer.setInt(index + 28, (int) (request.mac() >>> 16));
        buffer.setShort(index + 32, (int) request.mac());
        buffer.setInt(index + DhcpMessage.FIXED_LENGTH, DhcpMessage.COOKIE);
        at = index + DhcpMessage.FIXED_LENGTH + 4;
    }

    /** Sets {@code ciaddr}. */
    DhcpReply clientAddress(int address) {
        buffer.setInt(index + 12, address);
        return this;
    }

    /** Sets the {@code file} field; the last of its bytes stays zero. */
    DhcpReply file(@Nullable String name) {
        if (name != null) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            if (bytes.length < FILE_LENGTH) {
                buffer.setBytes(index + FILE_OFFSET, bytes);
            } else {
                complete = false;
            }
        }
        return this;
    }

    DhcpReply option(int code, byte[] value) {
        if (value.length > OPTION_MAX || !fits(value.length)) {
            complete = false;
            return this;
        }
        buffer.setByte(at, code);
        buffer.setByte(at + 1, value.length);
        buffer.setBytes(at + 2, value);
        at += 2 + value.length;
        return this;
    }

    DhcpReply option(int code, @Nullable String value) {
        return value == null ? this : option(code, value.getBytes(StandardCharsets.UTF_8));
    }

    DhcpReply byteOption(int code, int value) {
        return option(code, new byte[] {(byte) value});
    }

    DhcpReply shortOption(int code, int value) {
        return option(code, new byte[] {(byte) (value >> 8), (byte) value});
    }

    DhcpReply intOption(int code, int value) {
        return option(code, new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value});
    }

    /** An option of any length, in as many pieces as it takes (RFC 3396), or none of it if it does not fit. */
    DhcpReply longOption(int code, byte[] value) {
        int pieces = (value.length + OPTION_MAX - 1) / OPTION_MAX;
        if (!fits(value.length + 2 * (pieces - 1))) {
            complete = false;
            return this;
        }
        for (int from = 0; from < value.length; from += OPTION_MAX) {
            option(code, Arrays.copyOfRange(value, from, Math.min(value.length, from + OPTION_MAX)));
        }
        return this;
    }

    /** Ends the options. False if something did not fit. */
    boolean end() {
        buffer.setByte(at, DhcpMessage.OPTION_END);
        return complete;
    }

    /** Whether an option of this length leaves room for the end mark. */
    private boolean fits(int length) {
        return at + 2 + length < index + LENGTH;
    }
}
