package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.wire.IpAddress;
import java.util.function.Consumer;

/** A way to the guest that hands every packet to a test, and refuses when it is told to. */
public final class FakeGuestOutput implements GuestOutput {
    /** Room before the transport's header, filled with what must not leak. */
    private static final int TRANSPORT_INDEX = 54;

    private final ByteBuf head = Unpooled.wrappedBuffer(new byte[256]);
    private final OutPacket packet = new OutPacket(head);
    private final Consumer<Sent> consumer;
    private final Sent sent = new Sent();
    private Sendable waiter;

    /** Packets that are taken before the next is refused; negative for all. */
    public int takesPackets = -1;

    public int mtu = 1500;
    public int takes = Offload.TAKES_ALL;
    public int maxGsoBytes = 65_000;

    /** What was sent: borrowed by the consumer. */
    public static final class Sent {
        public IpAddress source;
        public IpAddress destination;
        public Frame frame;
        public ByteBuf head;
        public int transportIndex;
        public int transportLength;
        public int checksumOffset;
        public int gsoSize;

        /** Copies header and payload of the transport. */
        public byte[] bytes() {
            byte[] all = new byte[transportLength + frame.payloadLength()];
            head.getBytes(transportIndex, all, 0, transportLength);
            int at = transportLength;
            for (int i = 0; i < frame.sliceCount(); i++) {
                frame.slice(i).getBytes(frame.sliceIndex(i), all, at, frame.sliceLength(i));
                at += frame.sliceLength(i);
            }
            return all;
        }
    }

    public FakeGuestOutput(Consumer<Sent> consumer) {
        this.consumer = consumer;
    }

    @Override
    public OutPacket begin(IpAddress source, IpAddress destination, int protocol) {
        for (int i = 0; i + 8 <= head.capacity(); i += 8) {
            head.setLong(i, 0xa5a5_a5a5_a5a5_a5a5L);
        }
        packet.begin(source, destination, protocol, TRANSPORT_INDEX);
        sent.source = source;
        sent.destination = destination;
        return packet;
    }

    @Override
    public boolean send(OutPacket out) {
        if (takesPackets == 0) {
            return false;
        }
        if (takesPackets > 0) {
            takesPackets--;
        }
        sent.frame = out.frame();
        sent.head = head;
        sent.transportIndex = out.transportIndex();
        sent.transportLength = out.transportLength();
        sent.checksumOffset = out.openChecksumOffset();
        sent.gsoSize = out.gsoSize();
        consumer.accept(sent);
        return true;
    }

    @Override
    public void whenSendable(Sendable sendable) {
        waiter = sendable;
    }

    /** Whether somebody waits to be told that sending may be tried again. */
    public boolean isAwaited() {
        return waiter != null;
    }

    /** Takes packets again and says so. */
    public void takeAgain(int packets) {
        takesPackets = packets;
        Sendable told = waiter;
        waiter = null;
        if (told != null) {
            told.onSendable();
        }
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public int takes() {
        return takes;
    }

    @Override
    public int maxGsoBytes() {
        return maxGsoBytes;
    }
}
