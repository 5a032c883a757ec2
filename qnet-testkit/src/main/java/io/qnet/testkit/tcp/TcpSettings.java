package io.qnet.testkit.tcp;

import java.time.Duration;

/**
 * How a guest's TCP behaves: what it offers in its SYN, how much it buffers, how long it waits. Immutable; each method that changes something returns a copy.
 *
 * @param mss the MSS that is announced and used as the most to receive in a segment; 0 for what the MTU allows
 * @param receiveBuffer the most bytes that wait for the guest's program, and so the largest window
 * @param sendBuffer the most bytes of the guest's program that wait to be acknowledged
 * @param windowScaling whether window scaling (RFC 7323) is offered
 * @param sack whether SACK (RFC 2018) is offered
 * @param timestamps whether timestamps (RFC 7323) are offered
 * @param delayedAck how long an acknowledgement waits for a second segment; zero to acknowledge at once
 * @param minRto the least retransmission time-out
 * @param synRetries how often a SYN is repeated
 * @param dataRetries how often data is repeated before the connection is given up
 * @param timeWait how long TIME-WAIT lasts
 */
public record TcpSettings(
        int mss,
        int receiveBuffer,
        int sendBuffer,
        boolean windowScaling,
        boolean sack,
        boolean timestamps,
        Duration delayedAck,
        Duration minRto,
        int synRetries,
        int dataRetries,
        Duration timeWait) {
    /** A modern guest: 1 MiB both ways, window scaling, SACK and timestamps offered, Linux's time-outs, TIME-WAIT of one second. */
    public static final TcpSettings MODERN = new TcpSettings(
            0,
            1 << 20,
            1 << 20,
            true,
            true,
            true,
            Duration.ofMillis(40),
            Duration.ofMillis(200),
            6,
            15,
            Duration.ofSeconds(1));

    /** A guest of old: no options but MSS 536, 8 KiB buffers. */
    public static final TcpSettings OLD = new TcpSettings(
            536,
            8 << 10,
            8 << 10,
            false,
            false,
            false,
            Duration.ofMillis(200),
            Duration.ofSeconds(1),
            6,
            12,
            Duration.ofSeconds(1));

    /** Checks the values. */
    public TcpSettings {
        if (mss < 0 || mss > 65_535 || receiveBuffer < 1 || receiveBuffer > 1 << 29 || sendBuffer < 1) {
            throw new IllegalArgumentException(
                    "mss " + mss + ", receive buffer " + receiveBuffer + ", send buffer " + sendBuffer);
        }
    }

    /** With another MSS; 0 for what the MTU allows. */
    public TcpSettings withMss(int bytes) {
        return new TcpSettings(
                bytes,
                receiveBuffer,
                sendBuffer,
                windowScaling,
                sack,
                timestamps,
                delayedAck,
                minRto,
                synRetries,
                dataRetries,
                timeWait);
    }

    /** With other buffers. */
    public TcpSettings withBuffers(int receive, int send) {
        return new TcpSettings(
                mss,
                receive,
                send,
                windowScaling,
                sack,
                timestamps,
                delayedAck,
                minRto,
                synRetries,
                dataRetries,
                timeWait);
    }

    /** With other options offered. */
    public TcpSettings withOptions(boolean scaling, boolean selective, boolean stamps) {
        return new TcpSettings(
                mss,
                receiveBuffer,
                sendBuffer,
                scaling,
                selective,
                stamps,
                delayedAck,
                minRto,
                synRetries,
                dataRetries,
                timeWait);
    }

    /** With another wait before an acknowledgement. */
    public TcpSettings withDelayedAck(Duration wait) {
        return new TcpSettings(
                mss,
                receiveBuffer,
                sendBuffer,
                windowScaling,
                sack,
                timestamps,
                wait,
                minRto,
                synRetries,
                dataRetries,
                timeWait);
    }

    /** With other limits of repetition. */
    public TcpSettings withRetries(int syn, int data) {
        return new TcpSettings(
                mss,
                receiveBuffer,
                sendBuffer,
                windowScaling,
                sack,
                timestamps,
                delayedAck,
                minRto,
                syn,
                data,
                timeWait);
    }

    /** With another length of TIME-WAIT. */
    public TcpSettings withTimeWait(Duration wait) {
        return new TcpSettings(
                mss,
                receiveBuffer,
                sendBuffer,
                windowScaling,
                sack,
                timestamps,
                delayedAck,
                minRto,
                synRetries,
                dataRetries,
                wait);
    }

    /** The shift that lets a 16-bit window say the receive buffer. */
    int shift() {
        int shift = 0;
        while (receiveBuffer >> shift > 65_535) {
            shift++;
        }
        return shift;
    }
}
