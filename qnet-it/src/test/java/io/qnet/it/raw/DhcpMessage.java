package io.qnet.it.raw;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A DHCP message (RFC 2131 §2, options RFC 2132), with a codec of its own: pcap4j has none.
 *
 * @param op 1 for a request, 2 for a reply
 * @param ciaddr the address the guest has, or 0.0.0.0
 * @param yiaddr the address given to the guest
 * @param siaddr the next server
 * @param mac the guest's MAC address, twelve hexadecimal digits
 * @param file the boot file's name
 * @param options options in their order: number to bytes as hexadecimal digits
 * @param length length of the message in bytes, as received
 */
public record DhcpMessage(
        int op,
        int xid,
        String ciaddr,
        String yiaddr,
        String siaddr,
        String mac,
        String file,
        Map<Integer, String> options,
        int length) {

    /** The message type of option 53. */
    public static final int DISCOVER = 1;

    /** The message type of option 53. */
    public static final int REQUEST = 3;

    /** The transaction number of every request. */
    public static final int XID = 0x1badcafe;

    private static final int FIXED_BYTES = 236;
    private static final int COOKIE = 0x63825363;
    private static final int MIN_BYTES = 300;

    /** A request of this type for a guest with this MAC address (twelve hexadecimal digits). */
    public static DhcpMessage request(int type, String mac) {
        return new DhcpMessage(
                1, XID, "0.0.0.0", "0.0.0.0", "0.0.0.0", mac, "", Map.of(53, String.format("%02x", type)), 0);
    }

    /** A BOOTP request: no options at all. */
    public static DhcpMessage bootp(String mac) {
        return new DhcpMessage(1, XID, "0.0.0.0", "0.0.0.0", "0.0.0.0", mac, "", Map.of(), 0);
    }

    /** The same message with an option that holds an address. */
    public DhcpMessage withAddress(int option, String address) {
        Map<Integer, String> more = new LinkedHashMap<>(options);
        more.put(option, HexFormat.of().formatHex(RawGuest.address(address).getAddress()));
        return new DhcpMessage(op, xid, ciaddr, yiaddr, siaddr, mac, file, more, length);
    }

    /** The same message from a guest that has an address. */
    public DhcpMessage withCiaddr(String address) {
        return new DhcpMessage(op, xid, address, yiaddr, siaddr, mac, file, options, length);
    }

    byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(576);
        bytes.put((byte) op)
                .put((byte) 1)
                .put((byte) 6)
                .put((byte) 0)
                .putInt(xid)
                .putInt(0);
        for (String address : new String[] {ciaddr, yiaddr, siaddr, "0.0.0.0"}) {
            bytes.put(RawGuest.address(address).getAddress());
        }
        bytes.put(HexFormat.of().parseHex(mac));
        bytes.position(FIXED_BYTES).putInt(COOKIE);
        options.forEach((option, value) -> {
            byte[] data = HexFormat.of().parseHex(value);
            bytes.put(option.byteValue()).put((byte) data.length).put(data);
        });
        bytes.put((byte) 255);
        byte[] message = new byte[Math.max(MIN_BYTES, bytes.position())];
        bytes.flip().get(message, 0, bytes.limit());
        return message;
    }

    /** Reads the message that a frame carries. */
    public static DhcpMessage parse(Received received) {
        ByteBuffer bytes = ByteBuffer.wrap(received.payload());
        byte[] file = new byte[128];
        bytes.get(108, file);
        return new DhcpMessage(
                bytes.get(0),
                bytes.getInt(4),
                address(bytes, 12),
                address(bytes, 16),
                address(bytes, 20),
                hex(bytes, 28, 6),
                new String(file, StandardCharsets.ISO_8859_1).replaceAll("\0.*", ""),
                options(bytes),
                bytes.capacity());
    }

    private static Map<Integer, String> options(ByteBuffer bytes) {
        Map<Integer, String> options = new LinkedHashMap<>();
        if (bytes.getInt(FIXED_BYTES) != COOKIE) {
            return options;
        }
        int at = FIXED_BYTES + 4;
        while ((bytes.get(at) & 0xff) != 255) {
            int option = bytes.get(at) & 0xff;
            if (option == 0) {
                at++;
                continue;
            }
            int length = bytes.get(at + 1) & 0xff;
            options.merge(option, hex(bytes, at + 2, length), String::concat);
            at += 2 + length;
        }
        return Collections.unmodifiableMap(options);
    }

    private static String address(ByteBuffer bytes, int at) {
        return (bytes.get(at) & 0xff) + "." + (bytes.get(at + 1) & 0xff) + "." + (bytes.get(at + 2) & 0xff) + "."
                + (bytes.get(at + 3) & 0xff);
    }

    private static String hex(ByteBuffer bytes, int at, int length) {
        byte[] value = new byte[length];
        bytes.get(at, value);
        return HexFormat.of().formatHex(value);
    }
}
