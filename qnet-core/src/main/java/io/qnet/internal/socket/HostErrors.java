package io.qnet.internal.socket;

import io.netty.channel.ChannelException;
import io.netty.channel.unix.Errors;
import io.qnet.host.HostError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.nio.channels.ClosedChannelException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the kernel said, as a {@link HostError}. */
public final class HostErrors {
    private static final Pattern NATIVE = Pattern.compile("error\\((-?\\d+)\\)");

    private HostErrors() {}

    /** From an exception of a socket. */
    public static HostError of(Throwable cause) {
        if (cause instanceof Errors.NativeIoException e) {
            return ofErrno(-e.expectedErr());
        }
        String text = cause.getMessage();
        if (text != null) {
            Matcher number = NATIVE.matcher(text);
            if (number.find()) {
                return ofErrno(Math.abs(Integer.parseInt(number.group(1))));
            }
            HostError byText = ofText(text);
            if (byText != null) {
                return byText;
            }
        }
        return ofClass(cause);
    }

    /** From an error number of Linux. */
    public static HostError ofErrno(int errno) {
        return switch (errno) {
            case 2, 111 -> HostError.REFUSED; // ENOENT (no unix socket of that name), ECONNREFUSED
            case 32, 103, 104 -> HostError.RESET; // EPIPE, ECONNABORTED, ECONNRESET
            case 112, 113 -> HostError.HOST_UNREACHABLE; // EHOSTDOWN, EHOSTUNREACH
            case 19, 97, 99, 100, 101 -> // ENODEV, EAFNOSUPPORT, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH
                HostError.NET_UNREACHABLE;
            case 110 -> HostError.TIMED_OUT; // ETIMEDOUT
            case 1, 13 -> HostError.PROHIBITED; // EPERM, EACCES
            case 11, 12, 23, 24, 105 -> HostError.NO_RESOURCES; // EAGAIN, ENOMEM, ENFILE, EMFILE, ENOBUFS
            case 98 -> HostError.ADDRESS_IN_USE; // EADDRINUSE
            case 90 -> HostError.MESSAGE_TOO_LARGE; // EMSGSIZE
            default -> HostError.OTHER;
        };
    }

    /** The text of the failure without the name of the call, as a person knows it from other programs. */
    public static String textOf(Throwable cause) {
        String text = cause.getMessage();
        if (cause instanceof FileNotFoundException) {
            return "No such file or directory";
        }
        if (text == null || text.isBlank()) {
            return cause instanceof NoRouteToHostException
                    ? "Network is unreachable"
                    : cause.getClass().getSimpleName();
        }
        int colon = text.lastIndexOf("): ");
        if (colon < 0) {
            colon = text.lastIndexOf("):");
            return colon < 0 ? text : text.substring(colon + 2).strip();
        }
        return text.substring(colon + 3).strip();
    }

    /** What Netty throws unchecked where a system call has failed, as the exception of a socket. */
    static IOException checked(ChannelException failure) {
        String text = String.valueOf(failure.getMessage());
        return new IOException(text.substring(text.lastIndexOf(": ") + 1).strip(), failure);
    }

    /** As the kernel would say it. */
    public static String textOf(HostError error) {
        return switch (error) {
            case REFUSED -> "Connection refused";
            case RESET -> "Connection reset by peer";
            case HOST_UNREACHABLE -> "No route to host";
            case NET_UNREACHABLE -> "Network is unreachable";
            case TIMED_OUT -> "Connection timed out";
            case PROHIBITED -> "Permission denied";
            case NO_RESOURCES -> "Too many open files";
            case ADDRESS_IN_USE -> "Address already in use";
            case MESSAGE_TOO_LARGE -> "Message too long";
            case TTL_EXCEEDED -> "Time to live exceeded";
            case OTHER -> "Input/output error";
        };
    }

    private static @Nullable HostError ofText(String text) {
        if (text.contains("refused")) {
            return HostError.REFUSED;
        }
        if (text.contains("reset") || text.contains("Broken pipe") || text.contains("aborted")) {
            return HostError.RESET;
        }
        if (text.contains("Network is unreachable")
                || text.contains("No such device")
                || text.contains("assign requested address")) {
            return HostError.NET_UNREACHABLE;
        }
        if (text.contains("No route to host") || text.contains("Host is down")) {
            return HostError.HOST_UNREACHABLE;
        }
        if (text.contains("timed out")) {
            return HostError.TIMED_OUT;
        }
        if (text.contains("Permission denied") || text.contains("not permitted")) {
            return HostError.PROHIBITED;
        }
        if (text.contains("Too many open files")
                || text.contains("No buffer space")
                || text.contains("temporarily unavailable")) {
            return HostError.NO_RESOURCES;
        }
        if (text.contains("already in use")) {
            return HostError.ADDRESS_IN_USE;
        }
        if (text.contains("Message too long")) {
            return HostError.MESSAGE_TOO_LARGE;
        }
        return text.contains("No such file") ? HostError.REFUSED : null;
    }

    private static HostError ofClass(Throwable cause) {
        if (cause instanceof ConnectException
                || cause instanceof PortUnreachableException
                || cause instanceof FileNotFoundException) {
            return HostError.REFUSED;
        }
        if (cause instanceof NoRouteToHostException || cause instanceof BindException) {
            return HostError.NET_UNREACHABLE;
        }
        if (cause instanceof ClosedChannelException) {
            return HostError.RESET;
        }
        Throwable beneath = cause.getCause();
        return beneath instanceof IOException ? of(beneath) : HostError.OTHER;
    }
}
