package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.wire.IpAddress;

/**
 * A packet being built towards the guest: a head buffer with room for Ethernet and IP before {@link #transportIndex()}, where the transport writes its header (and small payloads), and payload slices. One
 * instance is reused for all packets of a {@link GuestOutput}.
 */
public final class OutPacket {
    private final Frame frame = new Frame();
    private final ByteBuf head;
    private IpAddress source = IpAddress.ANY4;
    private IpAddress destination = IpAddress.ANY4;
    private int protocol;
    private int transportIndex;
    private int transportLength;
    private int ttl;
    private int trafficClass;
    private boolean dontFragment;
    /** No checksum is open. */
    static final int CLOSED = -1;

    private int openChecksumOffset = CLOSED;
    private int gsoSize;

    /**
     * @param head the buffer that headers are written into; owned by the creator
     */
    OutPacket(ByteBuf head) {
        this.head = head;
    }

    void begin(IpAddress source, IpAddress destination, int protocol, int transportIndex) {
        frame.clear();
        this.source = source;
        this.destination = destination;
        this.protocol = protocol;
        this.transportIndex = transportIndex;
        transportLength = 0;
        ttl = 64;
        trafficClass = 0;
        dontFragment = false;
        openChecksumOffset = CLOSED;
        gsoSize = 0;
    }

    /** The buffer to write the transport's header into. Every byte of {@link #transport(int)} must be written: the buffer is reused. */
    public ByteBuf head() {
        return head;
    }

    /** Where the transport's header begins in {@link #head()}. */
    public int transportIndex() {
        return transportIndex;
    }

    /** Says how many bytes the transport has written from {@link #transportIndex()} on: its header, and payload that it copied there. */
    public OutPacket transport(int length) {
        transportLength = length;
        return this;
    }

    /** Appends payload that follows what is in the head. Borrowed until {@link GuestOutput#send} returns. */
    public OutPacket addSlice(ByteBuf buffer, int index, int length) {
        frame.addSlice(buffer, index, length);
        return this;
    }

    /** Leaves the transport's checksum open: the field {@code offset} bytes into the transport's header holds the folded, not complemented, pseudo-header sum. Always allowed: ports that do not take it get it finished in software at their edge, where the payload is copied anyway. */
    public OutPacket openChecksum(int offset) {
        openChecksumOffset = offset;
        return this;
    }

    /** Asks for segmentation every {@code gsoSize} payload bytes (TCP). The checksum is to be left open then. Ports that do not take it get it finished in software at their edge. */
    public OutPacket gso(int gsoSize) {
        this.gsoSize = gsoSize;
        return this;
    }

    /** The TTL or hop limit; 64 unless said. */
    public OutPacket ttl(int ttl) {
        this.ttl = ttl;
        return this;
    }

    /** The TOS or traffic class byte; 0 unless said. */
    public OutPacket trafficClass(int trafficClass) {
        this.trafficClass = trafficClass;
        return this;
    }

    /** Sets DF (IPv4). */
    public OutPacket dontFragment(boolean dontFragment) {
        this.dontFragment = dontFragment;
        return this;
    }

    Frame frame() {
        return frame;
    }

    IpAddress source() {
        return source;
    }

    IpAddress destination() {
        return destination;
    }

    int protocol() {
        return protocol;
    }

    int transportLength() {
        return transportLength;
    }

    int ttl() {
        return ttl;
    }

    int trafficClass() {
        return trafficClass;
    }

    boolean isDontFragment() {
        return dontFragment;
    }

    int openChecksumOffset() {
        return openChecksumOffset;
    }

    int gsoSize() {
        return gsoSize;
    }
}
