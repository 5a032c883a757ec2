package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import io.qnet.loop.Loop;
import io.qnet.loop.Timers;
import io.qnet.loop.TurnTask;
import io.qnet.slirp.ip.GuestOutput;
import io.qnet.slirp.tcp.Opener.Decision;
import io.qnet.slirp.tcp.Sender.Progress;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Tcp;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * All TCP connections of one user netdev: finds the connection of each segment, opens new ones through the {@link Opener}, answers strays by RST (RFC 9293 §3.10.7.1), and lets each connection send once
 * a turn.
 *
 * <p>Loop thread only. Time is the argument of {@link #onSegment} and {@link #accept}, the turn's and the timers'.
 */
public final class TcpStack {
    /** Half-open connections are evicted before established ones if they are more than this part of the limit. */
    private static final int HALF_OPEN_SHARE = 4;

    private final TcpConfig config;
    private final Loop loop;
    private final GuestOutput output;
    private final Opener opener;
    private final Opener.Unreachable unreachable;
    private final MemoryBudget budget;
    private final TcpCounters counters;
    private final SegmentWriter writer;
    private final IssSource issSource;
    private final FlowTable table;
    private final Segment segment = new Segment();

    /** Connections that are not established, or in TIME_WAIT. */
    private final IdleList transients = new IdleList();

    private final IdleList established = new IdleList();

    private final DueQueue due = new DueQueue();
    private boolean blocked;
    private boolean closed;

    private final TurnTask transmit = new TurnTask() {
        @Override
        protected void run(long nowNanos) {
            transmitDue(nowNanos);
        }
    };

    /** Where initial sequence numbers and timestamp offsets come from. */
    interface IssSource {
        int iss(TcpFlow flow, long nowNanos);

        int timestampOffset(TcpFlow flow);
    }

    /**
     * @param config limits and times
     * @param loop turns, timers and buffers
     * @param output the way to the guest
     * @param opener decides about every connection that the guest opens
     * @param unreachable sends ICMP errors
     * @param budget shared by all connections of a network
     * @param counters where the counters {@code tcp.…} are made
     * @param random for the secrets of sequence numbers and table
     */
    public TcpStack(
            TcpConfig config,
            Loop loop,
            GuestOutput output,
            Opener opener,
            Opener.Unreachable unreachable,
            MemoryBudget budget,
            Counters counters,
            RandomGenerator random) {
        this(
                config,
                loop,
                output,
                opener,
                unreachable,
                budget,
                counters,
                InitialSequence.random(random),
                random.nextLong());
    }

    TcpStack(
            TcpConfig config,
            Loop loop,
            GuestOutput output,
            Opener opener,
            Opener.Unreachable unreachable,
            MemoryBudget budget,
            Counters counters,
            IssSource issSource,
            long tableSecret) {
        this.config = config;
        this.loop = loop;
        this.output = output;
        this.opener = opener;
        this.unreachable = unreachable;
        this.budget = budget;
        this.counters = new TcpCounters(counters);
        this.issSource = issSource;
        writer = new SegmentWriter(output, this.counters);
        table = new FlowTable(tableSecret);
    }

    // ---- from the IP layer

    /**
     * A segment from the guest. The caller has verified its checksum, unless the frame says that it need not be.
     *
     * @param frame borrowed; payload may lie in the head, in slices, or both
     * @param ipOffset where the IP header begins, from the start of the frame
     * @param tcpOffset where the TCP header begins; the whole header lies in the head
     * @param tcpLength bytes of header and payload, without padding of the link
     */
    public void onSegment(
            Frame frame,
            int ipOffset,
            int tcpOffset,
            int tcpLength,
            IpAddress source,
            IpAddress destination,
            long nowNanos) {
        counters.segmentsIn.increment();
        if (closed || !segment.wrap(frame, ipOffset, tcpOffset, tcpLength)) {
            counters.malformed.increment();
            return;
        }
        int guestPort = segment.guestPort();
        int hostPort = segment.hostPort();
        TcpConnection connection = table.find(source, guestPort, destination, hostPort);
        boolean opens = (segment.flags & (Tcp.SYN | Tcp.ACK | Tcp.RST | Tcp.FIN)) == Tcp.SYN;
        if (connection != null && opens && connection.yieldsTo(segment)) {
            connection.discard();
            connection = null;
        }
        if (connection != null) {
            deliver(connection, nowNanos);
        } else {
            onUnknown(new TcpFlow(source, guestPort, destination, hostPort), opens, nowNanos);
        }
        segment.release();
    }

    private void deliver(TcpConnection connection, long nowNanos) {
        IdleList list = connection.idleList;
        if (list != null) {
            list.touch(connection);
        }
        try {
            connection.onSegment(segment, nowNanos);
        } catch (RuntimeException bug) {
            onBug(connection, bug);
        }
        if (connection.isUrgent() && transmit(connection, nowNanos) == Progress.REFUSED) {
            block();
        }
    }

    private Progress transmit(TcpConnection connection, long nowNanos) {
        try {
            return connection.transmit(nowNanos);
        } catch (RuntimeException bug) {
            onBug(connection, bug);
            return Progress.DONE;
        }
    }

    /** A bug ends the connection that it was found in, and no other. */
    private void onBug(TcpConnection connection, RuntimeException bug) {
        counters.failed.increment();
        loop.taskFailed(connection.flow(), bug);
        try {
            connection.abort();
        } catch (RuntimeException again) {
            bug.addSuppressed(again);
            remove(connection);
        }
    }

    private void onUnknown(TcpFlow flow, boolean opens, long nowNanos) {
        if (opens) {
            open(flow, nowNanos);
        } else if (segment.has(Tcp.RST)) {
            counters.strayIgnored.increment();
        } else {
            answerStray(flow, segment);
        }
    }

    private void open(TcpFlow flow, long nowNanos) {
        makeRoom();
        TcpConnection connection = create(flow, false, nowNanos);
        connection.openFromGuest(segment, nowNanos);
        Decision decision = opener.open(flow, connection);
        if (decision instanceof Decision.Refuse refused && refused.error() == HostError.NO_RESOURCES && evict()) {
            decision = opener.open(flow, connection);
        }
        if (decision instanceof Decision.Accept accepted) {
            connection.setHost(accepted.stream());
            register(connection);
            counters.opened.increment();
        } else if (decision instanceof Decision.Refuse refused) {
            register(connection);
            connection.onFailed(refused.error());
        } else {
            counters.ignored.increment();
            connection.discard();
        }
    }

    /**
     * A guest, or a router behind it, says by ICMP or ICMPv6 that a segment did not arrive. Of what is too large smaller segments are sent again; a guest that cannot be reached ends a connection that the
     * host opens, and no other (RFC 5927 §5.2: where both have spoken already, such an error passes, or the retransmissions end).
     *
     * @param flow the ends of the quoted segment, its destination as {@link TcpFlow#guest}
     * @param quotedSequence its sequence number; errors about anything but what is on its way are not believed (RFC 5927 §4.1)
     * @param mtu of {@link PathError#TOO_LARGE}, what the path takes
     */
    public void onIcmpError(TcpFlow flow, PathError error, int quotedSequence, int mtu) {
        TcpConnection connection = table.find(flow.guest(), flow.guestPort(), flow.host(), flow.hostPort());
        boolean believed = connection != null
                && (error == PathError.TOO_LARGE
                        ? connection.onPathMtu(quotedSequence, mtu)
                        : connection.onUnreachable(quotedSequence));
        if (!believed) {
            counters.icmpIgnored.increment();
        }
    }

    /**
     * Opens a connection to the guest for a stream that the host has accepted. Data flows when the guest has answered; if it resets, or does not answer, the stream is reset.
     *
     * @param flow {@link TcpFlow#host} and its port are the source that the guest sees
     * @return the handler for the stream, or null if there is such a connection already
     */
    public HostStream.@Nullable Handler accept(TcpFlow flow, HostStream accepted, long nowNanos) {
        TcpConnection present = table.find(flow.guest(), flow.guestPort(), flow.host(), flow.hostPort());
        if (closed || (present != null && present.state() != TcpState.TIME_WAIT)) {
            return null;
        }
        if (present != null) {
            present.discard();
        }
        makeRoom();
        TcpConnection connection = create(flow, true, nowNanos);
        connection.openFromHost(accepted);
        register(connection);
        counters.accepted.increment();
        due(connection);
        return connection;
    }

    private TcpConnection create(TcpFlow flow, boolean fromHost, long nowNanos) {
        int iss = issSource.iss(flow, nowNanos);
        return new TcpConnection(this, flow, fromHost, iss, issSource.timestampOffset(flow));
    }

    private void register(TcpConnection connection) {
        table.add(connection);
        transients.add(connection);
        budget.join();
    }

    // ---- limits

    private void makeRoom() {
        if (table.size() >= config.maxFlows()) {
            evict();
        }
    }

    /** Ends the connection that has been idle longest; half-open ones first if there are many. False if there is none. */
    private boolean evict() {
        boolean manyTransient = transients.size() > config.maxFlows() / HALF_OPEN_SHARE;
        TcpConnection victim = manyTransient ? transients.oldest() : established.oldest();
        if (victim == null) {
            victim = transients.oldest();
        }
        if (victim == null) {
            return false;
        }
        counters.evicted.increment();
        if (victim.state() == TcpState.TIME_WAIT || victim.state() == TcpState.CLOSED) {
            victim.discard();
        } else {
            victim.abort();
            sendAtOnce(victim);
        }
        return true;
    }

    private void sendAtOnce(TcpConnection victim) {
        if (victim.isListed()) {
            transmit(victim, loop.nowNanos());
            remove(victim);
        }
    }

    // ---- what connections ask for

    /** Lets a connection send at the end of this turn. */
    void due(TcpConnection connection) {
        if (connection.isListed() && due.add(connection) && !blocked) {
            loop.transmitThisTurn(transmit);
        }
    }

    /** The connection is over. */
    void remove(TcpConnection connection) {
        timers().cancel(connection.timer);
        if (connection.idleList != null) {
            connection.idleList.remove(connection);
            table.remove(connection);
            budget.leave();
        }
    }

    void onEstablished(TcpConnection connection) {
        transients.remove(connection);
        established.add(connection);
    }

    void onTimeWait(TcpConnection connection) {
        established.remove(connection);
        transients.add(connection);
    }

    void onTimer(TcpConnection connection, long nowNanos) {
        try {
            connection.onTimer(nowNanos);
        } catch (RuntimeException bug) {
            onBug(connection, bug);
        }
    }

    /**
     * Tells the guest by ICMP that its SYN was refused.
     *
     * @return false if it is to be told by a reset
     */
    boolean refuse(TcpConnection connection, HostError error, byte[] synPacket) {
        if (error == HostError.REFUSED || error == HostError.RESET || error == HostError.TIMED_OUT) {
            counters.refused.increment();
            return false;
        }
        counters.unreachable.increment();
        if (error == HostError.NO_RESOURCES && table.size() > 1) {
            transients.touch(connection);
            evict();
        }
        unreachable.unreachable(connection.flow(), error, synPacket);
        return true;
    }

    /** Answers a segment that belongs to no connection, or acknowledges what was never sent; never a reset by a reset. */
    void answerStray(TcpFlow flow, Segment stray) {
        if (stray.has(Tcp.RST)) {
            return;
        }
        counters.strayReset.increment();
        writer.sendStrayReset(flow, stray);
    }

    SegmentWriter writer() {
        return writer;
    }

    TcpConfig config() {
        return config;
    }

    TcpCounters counters() {
        return counters;
    }

    MemoryBudget budget() {
        return budget;
    }

    ByteBufAllocator allocator() {
        return loop.allocator();
    }

    Timers timers() {
        return loop.timers();
    }

    int mtu() {
        return output.mtu();
    }

    boolean hasOffloads() {
        return (output.takes() & (Offload.TAKES_TSO4 | Offload.TAKES_TSO6)) != 0;
    }

    // ---- the turn

    /** Lets every due connection send; those that have more to send go round again, behind the others. */
    void transmitDue(long nowNanos) {
        while (!blocked) {
            TcpConnection connection = due.poll();
            if (connection == null) {
                return;
            }
            if (!connection.isListed()) {
                continue;
            }
            switch (transmit(connection, nowNanos)) {
                case DONE -> {
                    // nothing more to do
                }
                case MORE -> due(connection);
                case REFUSED -> {
                    due(connection);
                    block();
                }
            }
        }
    }

    private void block() {
        if (!blocked) {
            blocked = true;
            output.whenSendable(this::onSendable);
        }
    }

    private void onSendable() {
        blocked = false;
        if (!due.isEmpty()) {
            loop.transmitThisTurn(transmit);
        }
    }

    // ---- for the netdev

    /** The number of connections, those in TIME_WAIT included. */
    public int flowCount() {
        return table.size();
    }

    /** All connections. */
    public List<TcpFlowInfo> flows() {
        List<TcpFlowInfo> list = new ArrayList<>(table.size());
        table.forEach(connection -> list.add(connection.info()));
        return list;
    }

    /** Ends every connection: hosts are reset, guests are told by a reset if the network takes it. */
    public void close() {
        List<TcpConnection> all = new ArrayList<>(table.size());
        table.forEach(all::add);
        for (TcpConnection connection : all) {
            if (connection.state() == TcpState.TIME_WAIT || connection.state() == TcpState.CLOSED) {
                connection.discard();
            } else {
                connection.abort();
                sendAtOnce(connection);
            }
        }
        closed = true;
    }
}
