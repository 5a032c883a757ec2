package io.qnet.socket;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.FileDescriptor;
import io.qnet.NetdevException;
import io.qnet.internal.socket.DescriptorInfo;
import io.qnet.internal.socket.HostErrors;
import io.qnet.option.OptionException;
import java.io.IOException;
import jnr.enxio.channels.Native;

/** Descriptors that whoever started the program has opened for it, by their numbers. */
final class Descriptors {
    private Descriptors() {}

    /**
     * Reads the number of a descriptor (QEMU: monitor/misc.c, monitor_fd_param).
     *
     * @throws OptionException in QEMU's words
     */
    static int parse(String text, String option) {
        try {
            int number = Integer.parseInt(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw notANumber(text, option);
        }
        throw notANumber(text, option);
    }

    private static OptionException notANumber(String text, String option) {
        return OptionException.of("Invalid file descriptor number '" + text + "'", option, text);
    }

    /** {@link DescriptorInfo#type}, refused in QEMU's words if it cannot be told. */
    static int type(String id, int number) {
        refuseWithoutEpoll(id, number);
        try {
            return DescriptorInfo.type(number);
        } catch (IOException e) {
            String reason = HostErrors.textOf(e);
            throw reason.contains("Bad file")
                    ? unusable(id, number, e)
                    : new NetdevException("can't get socket option SO_TYPE", e);
        }
    }

    /** Makes reading and writing answer at once. */
    static void setNonBlocking(int number) throws IOException {
        DescriptorInfo.type(number); // of one that is not open, whose number it may be soon, nothing is changed
        Native.setBlocking(number, false);
    }

    /** Closes it. */
    static void close(int number) {
        try {
            new FileDescriptor(number).close();
        } catch (IOException e) {
            System.getLogger(Descriptors.class.getName()).log(System.Logger.Level.DEBUG, "close", e);
        }
    }

    /** The refusal of a descriptor. */
    static NetdevException unusable(String id, int number, IOException cause) {
        return new NetdevException(
                id + ": Can't use file descriptor " + number + ": " + HostErrors.textOf(cause), cause);
    }

    private static void refuseWithoutEpoll(String id, int number) {
        if (!Epoll.isAvailable()) {
            throw new NetdevException(id + ": Can't use file descriptor " + number + ": descriptors need epoll");
        }
    }
}
