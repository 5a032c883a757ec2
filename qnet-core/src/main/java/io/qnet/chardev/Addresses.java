package io.qnet.chardev;

import io.netty.channel.unix.DomainSocketAddress;
import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import io.qnet.option.OptionException;
import io.qnet.option.SocketEndpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.Locale;

/** Addresses of sockets, and QEMU's words for what is wrong with them. */
final class Addresses {
    private Addresses() {}

    static SocketAddress of(SocketEndpoint endpoint) {
        if (endpoint instanceof SocketEndpoint.Unix unix) {
            return unix.abstractName()
                    ? new DomainSocketAddress("\0" + unix.path())
                    : UnixDomainSocketAddress.of(unix.path());
        }
        if (endpoint instanceof SocketEndpoint.Inet inet) {
            String refusal = "address resolution failed for " + inet.host() + ":" + inet.port();
            try {
                InetAddress host = InetAddress.getByName(inet.host().isEmpty() ? "0.0.0.0" : inet.host());
                return new InetSocketAddress(host, Integer.parseInt(inet.port()));
            } catch (UnknownHostException | IllegalArgumentException e) {
                throw new OptionException(refusal + ": Name or service not known");
            }
        }
        throw new OptionException("only inet and unix addresses can be used by a chardev");
    }

    static String text(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            return inet.getAddress().getHostAddress() + ":" + inet.getPort();
        }
        return address.toString().replace('\0', '@');
    }

    static String reason(IOException e) {
        HostError error = HostErrors.of(e);
        return error == HostError.OTHER ? String.valueOf(e.getMessage()) : words(error);
    }

    static String words(HostError error) {
        return switch (error) {
            case REFUSED -> "Connection refused";
            default -> error.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        };
    }
}
