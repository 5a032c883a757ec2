package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DhcpMessage;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The DHCP client of a guest (RFC 2131), step by step: each method sends one message, again if need be, and waits for its answer. {@link FakeGuest#dhcp()} does all steps at once.
 */
public final class GuestDhcp {
    private static final int CLIENT = 68;
    private static final int SERVER = 67;
    private static final int MOST_TRIES = 4;
    private static final byte[] PARAMETERS = {1, 3, 6, 12, 15, 26, 28, 42, 51, 54, 66, 67, 119, 121};

    private final GuestStack stack;
    private final Waiting waiting;
    private final Consumer<Lease> configure;
    private @Nullable GuestUdp socket;
    private @Nullable Lease lease;

    GuestDhcp(GuestStack stack, Waiting waiting, Consumer<Lease> configure) {
        this.stack = stack;
        this.waiting = waiting;
        this.configure = configure;
    }

    /** An empty message of a type with the guest's MAC address and a new transaction, to be changed and given to {@link #exchange}. */
    public DhcpMessage message(int type) {
        DhcpMessage message = new DhcpMessage();
        message.chaddr = stack.settings.mac();
        message.xid = waiting.call(stack.random::nextInt);
        if (type != 0) {
            message.option(53, (byte) type).option(55, PARAMETERS);
        }
        return message;
    }

    /** Sends DISCOVER and waits for an OFFER. */
    public DhcpMessage discover() {
        return exchange(message(DhcpMessage.DISCOVER), answer -> answer.type() == DhcpMessage.OFFER);
    }

    /** Asks for what was offered; the guest is configured by the ACK. NAK is thrown. */
    public Lease request(DhcpMessage offer) {
        DhcpMessage request = message(DhcpMessage.REQUEST);
        request.xid = offer.xid;
        request.optionInts(50, offer.yiaddr).optionInts(54, offer.intOption(54));
        return accept(exchange(request, GuestDhcp::decides));
    }

    /** Renews the lease by unicast. */
    public Lease renew() {
        Lease present = present();
        DhcpMessage request = message(DhcpMessage.REQUEST);
        request.ciaddr = Bytes.i32(present.address().getAddress(), 0);
        return accept(exchange(request, server(present), GuestDhcp::decides));
    }

    /** Gives the lease back; nothing is answered. The guest has no address then. */
    public void release() {
        Lease present = present();
        DhcpMessage release = message(DhcpMessage.RELEASE);
        release.options.remove(55);
        release.ciaddr = Bytes.i32(present.address().getAddress(), 0);
        release.optionInts(54, Bytes.i32(server(present).getAddress(), 0));
        open().send(server(present), SERVER, release.encode(), 0);
        lease = null;
        waiting.run(() -> stack.ipv4.configure(null, 0, null));
    }

    /** Asks for everything but an address. */
    public DhcpMessage inform() {
        DhcpMessage inform = message(DhcpMessage.INFORM);
        InetAddress own =
                waiting.call(() -> Optional.ofNullable(stack.ipv4.address())).orElse(null);
        inform.ciaddr = own == null ? 0 : Bytes.i32(own.getAddress(), 0);
        return exchange(inform, answer -> answer.type() == DhcpMessage.ACK);
    }

    /** Broadcasts a message, again with longer and longer waits, until an answer of the same transaction satisfies a condition. */
    public DhcpMessage exchange(DhcpMessage message, Predicate<DhcpMessage> wanted) {
        return exchange(message, Ipv4Layer.BROADCAST, wanted);
    }

    /** Broadcasts a message once and says whether any answer of the same transaction comes within a time. */
    public @Nullable DhcpMessage tryExchange(DhcpMessage message, Duration limit) {
        return ask(message, Ipv4Layer.BROADCAST, answer -> true, limit);
    }

    /** The lease, or null without one. */
    public @Nullable Lease lease() {
        return lease;
    }

    void close() {
        if (socket != null) {
            socket.close();
        }
    }

    private DhcpMessage exchange(DhcpMessage message, InetAddress to, Predicate<DhcpMessage> wanted) {
        Duration wait = Duration.ofSeconds(1);
        for (int i = 0; i < MOST_TRIES; i++) {
            DhcpMessage answer = ask(message, to, wanted, wait);
            if (answer != null) {
                return answer;
            }
            wait = wait.multipliedBy(2);
        }
        throw new GuestException(
                GuestException.Reason.TIMED_OUT,
                stack + ": no DHCP answer to type " + message.type() + " after " + MOST_TRIES + " tries");
    }

    private @Nullable DhcpMessage ask(
            DhcpMessage question, InetAddress to, Predicate<DhcpMessage> wanted, Duration limit) {
        CompletableFuture<DhcpMessage> answer = new CompletableFuture<>();
        open().onDatagram(datagram -> {
            DhcpMessage message = DhcpMessage.decode(datagram.data());
            if (message == null) {
                stack.violations.add("malformed DHCP message from " + datagram);
            } else if (message.op == 2 && message.xid == question.xid && wanted.test(message)) {
                answer.complete(message);
            }
        });
        open().send(to, SERVER, question.encode(), 0);
        try {
            return waiting.await(answer, limit, stack + ": DHCP");
        } catch (GuestException e) {
            if (e.reason() != GuestException.Reason.TIMED_OUT) {
                throw e;
            }
            return null;
        }
    }

    private Lease accept(DhcpMessage answer) {
        if (answer.type() == DhcpMessage.NAK) {
            throw new GuestException(GuestException.Reason.REFUSED, stack + ": DHCPNAK " + answer.text(56));
        }
        Lease got = Lease.of(answer);
        configure.accept(got);
        lease = got;
        return got;
    }

    private static boolean decides(DhcpMessage answer) {
        return answer.type() == DhcpMessage.ACK || answer.type() == DhcpMessage.NAK;
    }

    private Lease present() {
        Lease present = lease;
        if (present == null) {
            throw new GuestException(GuestException.Reason.NOT_CONFIGURED, stack + " has no lease");
        }
        return present;
    }

    private InetAddress server(Lease present) {
        InetAddress server = present.server();
        if (server == null) {
            throw new GuestException(GuestException.Reason.NOT_CONFIGURED, stack + ": the lease names no server");
        }
        return server;
    }

    private GuestUdp open() {
        GuestUdp present = socket;
        if (present == null) {
            present = waiting.call(() -> new GuestUdp(stack, waiting, CLIENT));
            socket = present;
        }
        return present;
    }
}
