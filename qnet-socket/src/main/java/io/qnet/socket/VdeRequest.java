package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.internal.socket.OutQueue;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What is said on the control socket of a vde_switch: version 3 of its protocol, numbers as the host has them (vde2: libvdeplug.c, struct request_v3). */
final class VdeRequest {
    /** The length of the answer: a {@code sockaddr_un}. */
    static final int ANSWER_BYTES = 110;

    private static final int MAGIC = 0xfeedface;
    private static final int VERSION = 3;
    private static final int AF_UNIX = 1;
    private static final int FAMILY_BYTES = 2;
    private static final int MAX_DESCRIPTION = 127;

    private VdeRequest() {}

    /** Asks for a port, whose frames go to the datagram socket at {@code path}. */
    static void write(OutQueue out, int port, String path) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        String who = "qnet user=" + System.getProperty("user.name") + " PID="
                + ProcessHandle.current().pid();
        byte[] description = who.getBytes(StandardCharsets.UTF_8);
        int described = Math.min(description.length, MAX_DESCRIPTION);
        int length = 3 * Integer.BYTES + ANSWER_BYTES + described;
        ByteBuf target = out.staging(length);
        writeInt(target, MAGIC);
        writeInt(target, VERSION);
        writeInt(target, port << 8);
        writeFamily(target);
        target.writeBytes(name).writeZero(ANSWER_BYTES - FAMILY_BYTES - name.length);
        target.writeBytes(description, 0, described);
        out.staged(length);
    }

    /** Where the switch wants frames, from its answer at index 0; null if that is none. */
    static @Nullable String path(ByteBuf answer) {
        int end = answer.indexOf(FAMILY_BYTES, ANSWER_BYTES, (byte) 0);
        int length = (end < 0 ? ANSWER_BYTES : end) - FAMILY_BYTES;
        return length <= 0 ? null : answer.toString(FAMILY_BYTES, length, StandardCharsets.UTF_8);
    }

    private static boolean isLittleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }

    private static void writeInt(ByteBuf target, int value) {
        target.writeInt(isLittleEndian() ? Integer.reverseBytes(value) : value);
    }

    private static void writeFamily(ByteBuf target) {
        target.writeShort(isLittleEndian() ? AF_UNIX << 8 : AF_UNIX);
    }
}
