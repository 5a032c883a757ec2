package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * What a server needs to know of a BOOTP or DHCP request (RFC 951 §3, RFC 2131 §2).
 *
 * @param transactionId {@code xid}
 * @param clientAddress {@code ciaddr}: the address that the guest has already
 * @param mac the first six bytes of {@code chaddr}
 * @param type option 53, or {@link #BOOTP} if there is none
 * @param requestedAddress option 50, or 0
 * @param serverId option 54, or 0
 * @param hostname option 12, or empty
 */
record DhcpMessage(
        int transactionId, int clientAddress, long mac, int type, int requestedAddress, int serverId, String hostname) {
    static final int BOOTP = 0;
    static final int DISCOVER = 1;
    static final int OFFER = 2;
    static final int REQUEST = 3;
    static final int DECLINE = 4;
    static final int ACK = 5;
    static final int NAK = 6;
    static final int RELEASE = 7;
    static final int INFORM = 8;

    /** Bytes before the options: the fixed fields, without the cookie. */
    static final int FIXED_LENGTH = 236;

    static final int COOKIE = 0x6382_5363;
    static final int OPTION_PAD = 0;
    static final int OPTION_HOSTNAME = 12;
    static final int OPTION_REQUESTED_ADDRESS = 50;
    static final int OPTION_TYPE = 53;
    static final int OPTION_SERVER_ID = 54;
    static final int OPTION_END = 255;

    private static final int BOOTREQUEST = 1;

    /** Whether these bytes are a request that can be read. */
    static boolean isRequest(ByteBuf data, int index, int length) {
        return length >= FIXED_LENGTH && data.getByte(index) == BOOTREQUEST;
    }

    /** Reads a request. Options that lie about their length end the list. */
    static DhcpMessage read(ByteBuf data, int index, int length) {
        int type = BOOTP;
        int requested = 0;
        int serverId = 0;
        String hostname = "";
        int end = index + length;
        int at = index + FIXED_LENGTH + 4;
        boolean hasOptions = at <= end && data.getInt(at - 4) == COOKIE;
        while (hasOptions && at < end) {
            int option = data.getUnsignedByte(at++);
            if (option == OPTION_PAD) {
                continue;
            }
            if (option == OPTION_END || at >= end) {
                break;
            }
            int optionLength = data.getUnsignedByte(at++);
            if (optionLength > end - at) {
                break;
            }
            if (option == OPTION_TYPE && optionLength >= 1) {
                type = data.getUnsignedByte(at);
            } else if (option == OPTION_REQUESTED_ADDRESS && optionLength >= 4) {
                requested = data.getInt(at);
            } else if (option == OPTION_SERVER_ID && optionLength >= 4) {
                serverId = data.getInt(at);
            } else if (option == OPTION_HOSTNAME) {
                hostname =
                        data.toString(at, optionLength, StandardCharsets.UTF_8).replace("\0", "");
            }
            at += optionLength;
        }
        long mac = ((long) data.getInt(index + 28) << 16 | data.getUnsignedShort(index + 32)) & 0xffff_ffff_ffffL;
        return new DhcpMessage(
                data.getInt(index + 4), data.getInt(index + 12), mac, type, requested, serverId, hostname);
    }
}
