package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DnsMessage;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The stub resolver of a guest. */
final class GuestDns {
    private static final int PORT = 53;
    private static final int MOST_TRIES = 3;
    private static final Duration TRY = Duration.ofSeconds(2);

    private final GuestStack stack;
    private final Waiting waiting;
    private final Function<InetAddress, GuestTcp> connect;

    GuestDns(GuestStack stack, Waiting waiting, Function<InetAddress, GuestTcp> connect) {
        this.stack = stack;
        this.waiting = waiting;
        this.connect = connect;
    }

    List<InetAddress> resolve(InetAddress server, String name) {
        List<InetAddress> addresses = new ArrayList<>();
        int code = 0;
        for (int type : new int[] {DnsMessage.A, DnsMessage.AAAA}) {
            DnsMessage answer = query(server, name, type);
            code = Math.max(code, answer.responseCode());
            answer.answers().stream()
                    .filter(record -> record.type() == type)
                    .forEach(record -> addresses.add(record.address()));
        }
        if (addresses.isEmpty()) {
            throw new GuestException(
                    GuestException.Reason.REFUSED, stack + ": no address for '" + name + "', response code " + code);
        }
        return addresses;
    }

    /** Asks by UDP, and by TCP if the answer was cut short. */
    DnsMessage query(InetAddress server, String name, int type) {
        int id = waiting.call(() -> stack.random.nextInt(0x10000));
        byte[] query = DnsMessage.query(id, name, type);
        try (GuestUdp socket = waiting.call(() -> new GuestUdp(stack, waiting, 0))) {
            for (int i = 0; i < MOST_TRIES; i++) {
                DnsMessage answer = ask(socket, server, query, id);
                if (answer != null) {
                    return answer.isTruncated() ? queryByTcp(server, name, type) : answer;
                }
            }
        }
        throw new GuestException(
                GuestException.Reason.TIMED_OUT,
                stack + ": no answer from name server " + server.getHostAddress() + " for '" + name + "'");
    }

    /** Asks by TCP. */
    DnsMessage queryByTcp(InetAddress server, String name, int type) {
        int id = waiting.call(() -> stack.random.nextInt(0x10000));
        byte[] query = DnsMessage.query(id, name, type);
        byte[] framed = new byte[query.length + 2];
        Bytes.put16(framed, 0, query.length);
        System.arraycopy(query, 0, framed, 2, query.length);
        try (GuestTcp connection = connect.apply(server)) {
            connection.write(framed);
            int length = Bytes.u16(connection.read(2), 0);
            DnsMessage answer = DnsMessage.decode(connection.read(length));
            if (answer == null || answer.id() != id) {
                throw new GuestException(GuestException.Reason.MALFORMED, stack + ": DNS answer by TCP: " + answer);
            }
            return answer;
        }
    }

    private @Nullable DnsMessage ask(GuestUdp socket, InetAddress server, byte[] query, int id) {
        CompletableFuture<DnsMessage> answered = new CompletableFuture<>();
        socket.onDatagram(datagram -> {
            DnsMessage answer = DnsMessage.decode(datagram.data());
            if (answer == null) {
                stack.violations.add("malformed DNS answer from " + datagram);
            } else if (answer.id() == id && answer.isResponse() && datagram.port() == PORT) {
                answered.complete(answer);
            }
        });
        socket.send(server, PORT, query, 0);
        try {
            return waiting.await(answered, TRY, stack + ": DNS");
        } catch (GuestException e) {
            if (e.reason() != GuestException.Reason.TIMED_OUT) {
                throw e;
            }
            return null;
        }
    }
}
