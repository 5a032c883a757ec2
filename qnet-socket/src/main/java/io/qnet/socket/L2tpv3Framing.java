package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The header of L2TPv3's data messages (RFC 3931 §4.1, QEMU: net/l2tpv3.c): over UDP {@code 00 03 00 00}; the session; a cookie of 4 or 8 bytes if there are cookies; a number of 4 bytes if frames are
 * numbered; the offset, zeros. Received are checked the session and the cookie, nothing else, as in QEMU.
 *
 * <p>Counters: {@code in.bad-session}, {@code in.bad-cookie}.
 */
final class L2tpv3Framing implements DatagramPipe.Framing {
    private static final int DATA_MESSAGE = 0x0003_0000;
    private static final int WORD = 4;

    private final L2tpv3Config config;
    private final Consumer<String> warning;
    private final int headerBytes;
    private @Nullable Counter badSession;
    private @Nullable Counter badCookie;
    private int number;
    private boolean warned;

    L2tpv3Framing(L2tpv3Config config, Consumer<String> warning) {
        this.config = config;
        this.warning = warning;
        int bytes = (config.udp() ? WORD : 0) + WORD + (config.counter() ? WORD : 0) + config.offset();
        L2tpv3Config.Cookies cookies = config.cookies();
        headerBytes = cookies == null ? bytes : bytes + (cookies.wide() ? 2 * WORD : WORD);
    }

    void count(Counters counters) {
        badSession = counters.counter("in.bad-session");
        badCookie = counters.counter("in.bad-cookie");
    }

    @Override
    public void writeHeader(ByteBuf target) {
        if (config.udp()) {
            target.writeInt(DATA_MESSAGE);
        }
        target.writeInt(config.txSession());
        L2tpv3Config.Cookies cookies = config.cookies();
        if (cookies != null && cookies.wide()) {
            target.writeLong(cookies.tx());
        } else if (cookies != null) {
            target.writeInt((int) cookies.tx());
        }
        if (config.counter()) {
            target.writeInt(config.pinCounter() ? 0 : ++number);
        }
        target.writeZero(config.offset());
    }

    @Override
    public int frameAt(ByteBuf datagram, int length) {
        int start = ipHeaderBytes(datagram);
        int end = start + headerBytes;
        if (end >= length) {
            return length;
        }
        int at = start + (config.udp() ? WORD : 0);
        if (datagram.getInt(at) != config.rxSession()) {
            refuse(badSession, "session mismatch");
            return -1;
        }
        if (!hasCookie(datagram, at + WORD)) {
            refuse(badCookie, "unknown cookie id");
            return -1;
        }
        return end;
    }

    /** A raw socket of IPv4 gives the IP header too. */
    private int ipHeaderBytes(ByteBuf datagram) {
        boolean raw4 = !config.udp() && config.local().getAddress() instanceof java.net.Inet4Address;
        return raw4 ? (datagram.getByte(0) & 0xf) * WORD : 0;
    }

    private boolean hasCookie(ByteBuf datagram, int at) {
        L2tpv3Config.Cookies cookies = config.cookies();
        if (cookies == null) {
            return true;
        }
        return cookies.wide() ? datagram.getLong(at) == cookies.rx() : datagram.getInt(at) == (int) cookies.rx();
    }

    private void refuse(@Nullable Counter counter, String reason) {
        if (counter != null) {
            counter.increment();
        }
        if (!warned) {
            warned = true;
            warning.accept("l2tpv3 header verification failed: " + reason);
        }
    }
}
