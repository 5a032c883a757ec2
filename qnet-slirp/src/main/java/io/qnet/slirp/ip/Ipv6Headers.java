package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.wire.Ip;
import io.qnet.wire.Ipv6;

/**
 * The headers of an IPv6 packet from a guest, read in place as its receiver must (RFC 8200 §4): the fixed header, then extension headers one after the other with their options, up to the transport's header
 * or a fragment header. {@link io.qnet.wire.Ipv6View} passes over the same headers without judging them.
 *
 * <p>One instance is reused for all packets. No more than {@value #MAX_HEADERS} headers are read, so that a long chain costs little.
 */
final class Ipv6Headers {
    static final int FRAGMENT_LENGTH = 8;

    /** Parameter problem: a header's field is wrong. */
    static final int ERRONEOUS_FIELD = 0;
    /** Parameter problem: a header of that kind is not known here. */
    static final int UNKNOWN_HEADER = 1;
    /** Parameter problem: an option of that kind is not known. */
    static final int UNKNOWN_OPTION = 2;
    /** Parameter problem: the first fragment does not hold all headers (RFC 7112 §5). */
    static final int INCOMPLETE_CHAIN = 3;

    /** Where the payload's length stands in the header. */
    static final int PAYLOAD_LENGTH_FIELD = 4;

    private static final int MAX_HEADERS = 8;
    private static final int NEXT_HEADER_FIELD = 6;
    private static final int PAD1 = 0;
    private static final int PADN = 1;
    private static final int ROUTER_ALERT = 5;

    /** What the chain of headers comes to. */
    enum Outcome {
        /** A transport's header, or nothing more. */
        TRANSPORT,
        /** A fragment header. */
        FRAGMENT,
        /** The packet is to be dropped, as one of its options says. */
        DISCARD,
        /** The packet is to be dropped and its sender told. */
        PROBLEM,
        /** Lengths lie, or there are too many headers. */
        MALFORMED
    }

    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int end;
    private int totalLength;
    private int protocol;
    private int nextField;
    private int reached;
    private int problemCode;
    private int problemPointer;
    private boolean problemOfGroups;

    /**
     * Points to a packet.
     *
     * @param here the bytes at {@code index}; what is behind the packet's own length is ignored
     * @param beyond the bytes that follow elsewhere
     * @return false, and nothing has changed, if lengths or version lie
     */
    boolean wrap(ByteBuf buffer, int index, int here, int beyond) {
        if (here < Ipv6.HEADER_LENGTH || buffer.getUnsignedByte(index) >>> 4 != 6) {
            return false;
        }
        int total = Ipv6.HEADER_LENGTH + buffer.getUnsignedShort(index + PAYLOAD_LENGTH_FIELD);
        if (total > here + beyond) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        totalLength = total;
        end = index + Math.min(here, total);
        return true;
    }

    /** Reads the headers behind the fixed one. */
    Outcome walk() {
        nextField = NEXT_HEADER_FIELD;
        return walk(index + Ipv6.HEADER_LENGTH, true);
    }

    /** Reads the headers behind the fixed one of a packet that was put together from fragments. */
    Outcome walkReassembled() {
        nextField = NEXT_HEADER_FIELD;
        return walk(index + Ipv6.HEADER_LENGTH, false);
    }

    /** Goes on behind the fragment header that was reached. */
    Outcome walkBehindFragmentHeader() {
        nextField = reached - index;
        return walk(reached + FRAGMENT_LENGTH, false);
    }

    /** Reaches a fragment header again. */
    void backTo(int fragmentHeader) {
        reached = fragmentHeader;
        protocol = Ip.FRAGMENT;
    }

    private Outcome walk(int from, boolean hopByHopAllowed) {
        int at = from;
        for (int i = 0; i < MAX_HEADERS; i++) {
            int header = buffer.getUnsignedByte(index + nextField);
            reached = at;
            protocol = header;
            if (header == Ip.FRAGMENT) {
                return end - at < FRAGMENT_LENGTH ? Outcome.MALFORMED : Outcome.FRAGMENT;
            }
            if (header == Ip.HOP_BY_HOP && (i > 0 || !hopByHopAllowed)) {
                return problem(UNKNOWN_HEADER, nextField, false); // RFC 8200 §4.1: it comes first or not at all
            }
            if (header != Ip.HOP_BY_HOP && header != Ip.DESTINATION_OPTIONS && header != Ip.ROUTING) {
                return Outcome.TRANSPORT;
            }
            int length = end - at < 2 ? 8 : 8 + buffer.getUnsignedByte(at + 1) * 8;
            if (end - at < length) {
                return Outcome.MALFORMED;
            }
            Outcome outcome = header == Ip.ROUTING ? readRouting(at) : readOptions(at + 2, at + length);
            if (outcome != Outcome.TRANSPORT) {
                return outcome;
            }
            nextField = at - index;
            at += length;
        }
        return Outcome.MALFORMED;
    }

    /** RFC 8200 §4.4: no type is known here (RFC 5095 took type 0 away), and one that has no hop left does not matter. */
    private Outcome readRouting(int at) {
        return buffer.getUnsignedByte(at + 3) == 0
                ? Outcome.TRANSPORT
                : problem(ERRONEOUS_FIELD, at + 2 - index, false);
    }

    private Outcome readOptions(int from, int to) {
        int at = from;
        while (at < to) {
            int type = buffer.getUnsignedByte(at);
            if (type == PAD1) {
                at++;
                continue;
            }
            int length = at + 1 < to ? 2 + buffer.getUnsignedByte(at + 1) : Integer.MAX_VALUE;
            if (length > to - at) {
                return Outcome.MALFORMED;
            }
            if (type != PADN && type != ROUTER_ALERT) {
                Outcome outcome = unknownOption(type, at - index);
                if (outcome != Outcome.TRANSPORT) {
                    return outcome;
                }
            }
            at += length;
        }
        return Outcome.TRANSPORT;
    }

    /** RFC 8200 §4.2: the two highest bits of an option say what becomes of a packet whose receiver does not know it. */
    private Outcome unknownOption(int type, int pointer) {
        return switch (type >>> 6) {
            case 0 -> Outcome.TRANSPORT;
            case 1 -> Outcome.DISCARD;
            case 2 -> problem(UNKNOWN_OPTION, pointer, true);
            default -> problem(UNKNOWN_OPTION, pointer, false);
        };
    }

    private Outcome problem(int code, int pointer, boolean ofGroups) {
        problemCode = code;
        problemPointer = pointer;
        problemOfGroups = ofGroups;
        return Outcome.PROBLEM;
    }

    /** The transport's protocol, or the header that was not accepted. */
    int protocol() {
        return protocol;
    }

    /** Where the header begins that was reached. */
    int reached() {
        return reached;
    }

    /** The bytes from {@link #reached()} to the packet's end, wherever they are. */
    int lengthFromReached() {
        return totalLength - (reached - index);
    }

    /** The bytes from {@link #reached()} on that are in the buffer. */
    int hereFromReached() {
        return end - reached;
    }

    /** Where the field stands that names the header that was reached. */
    int nextField() {
        return nextField;
    }

    /** The bytes of the whole packet. */
    int totalLength() {
        return totalLength;
    }

    /** The code of a parameter problem. */
    int problemCode() {
        return problemCode;
    }

    /** What it points to, from the packet's first byte on. */
    int problemPointer() {
        return problemPointer;
    }

    /** Whether it is told even if the packet went to a group. */
    boolean isProblemOfGroups() {
        return problemOfGroups;
    }

    // ---- the fixed header

    int trafficClass() {
        return buffer.getInt(index) >>> 20 & 0xff;
    }

    int hopLimit() {
        return buffer.getUnsignedByte(index + 7);
    }

    long sourceHigh() {
        return buffer.getLong(index + 8);
    }

    long sourceLow() {
        return buffer.getLong(index + 16);
    }

    long destinationHigh() {
        return buffer.getLong(index + 24);
    }

    long destinationLow() {
        return buffer.getLong(index + 32);
    }

    // ---- the fragment header that was reached

    int fragmentNextHeader() {
        return buffer.getUnsignedByte(reached);
    }

    /** Where the fragment belongs, in bytes. */
    int fragmentOffset() {
        return buffer.getUnsignedShort(reached + 2) & ~7;
    }

    boolean isMoreFragments() {
        return (buffer.getUnsignedByte(reached + 3) & 1) != 0;
    }

    int fragmentIdentification() {
        return buffer.getInt(reached + 4);
    }
}
