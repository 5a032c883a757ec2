package io.qnet.slirp.tcp;

import io.qnet.slirp.tcp.Sender.Progress;
import org.jspecify.annotations.Nullable;

/** What one connection sends at the end of a turn, in this order: its SYN; else what was SACKed, a probe of a silent guest, text and FIN, and an acknowledgement if none of them carried it. */
final class Transmission {
    private final Handshake handshake;
    private final Receiver receiver;
    private final Sender sender;
    private final Emission emission;
    private final Liveness liveness;
    private final HostSide host;
    private final TcpCounters counters;

    Transmission(
            Handshake handshake,
            Receiver receiver,
            Sender sender,
            Emission emission,
            Liveness liveness,
            HostSide host,
            TcpCounters counters) {
        this.handshake = handshake;
        this.receiver = receiver;
        this.sender = sender;
        this.emission = emission;
        this.liveness = liveness;
        this.host = host;
        this.counters = counters;
    }

    /** Sends what is due in this state. */
    Progress transmit(TcpState state, long now) {
        if (handshake.isDue()) {
            return progress(sendSyn(state, now));
        }
        if (state == TcpState.SYN_RECEIVED) {
            return progress(sendAcks(now));
        }
        return state.isSynchronized() ? transmitSynchronized(state, now) : Progress.DONE;
    }

    private Progress transmitSynchronized(TcpState state, long now) {
        // what was SACKed is not told together with text, so that segments keep their size
        if ((receiver.hasSackBlocks() && !sendAcks(now)) || (liveness.isProbeDue() && !sendKeepAlive(now))) {
            return Progress.REFUSED;
        }
        Progress progress = state.sendsData() ? sender.transmit(now) : Progress.DONE;
        if (progress == Progress.REFUSED || !sendAcks(now)) {
            return Progress.REFUSED;
        }
        if (state.sendsData() && !sender.isFinQueued()) {
            host.grant(sender.readCredit());
        }
        return progress;
    }

    private boolean sendSyn(TcpState state, long now) {
        if (!emission.sendSyn(state == TcpState.SYN_RECEIVED, now)) {
            return false;
        }
        handshake.onSent(sender.rtt().rto(), now);
        return true;
    }

    private boolean sendAcks(long now) {
        return emission.sendAcks(sender.sndNxt(), now);
    }

    private boolean sendKeepAlive(long now) {
        if (!emission.sendAck(sender.sndUna() - 1, now)) {
            return false;
        }
        liveness.onProbeSent();
        counters.keepAlives.increment();
        return true;
    }

    /** The earliest deadline of all parts, or null. */
    @Nullable Deadline nextDeadline() {
        Deadline next = sender.nextDeadline();
        next = Deadline.earlier(next, receiver.delayedAck());
        next = Deadline.earlier(next, handshake.retransmit);
        return Deadline.earlier(next, liveness.deadline);
    }

    private static Progress progress(boolean sent) {
        return sent ? Progress.DONE : Progress.REFUSED;
    }
}
