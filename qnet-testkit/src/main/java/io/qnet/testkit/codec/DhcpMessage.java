package io.qnet.testkit.codec;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A DHCP or BOOTP message (RFC 2131, RFC 951), open to be filled in as one likes, also wrongly. Addresses are IPv4 as 32 bits.
 */
public final class DhcpMessage {
    /** DHCPDISCOVER. */
    public static final int DISCOVER = 1;
    /** DHCPOFFER. */
    public static final int OFFER = 2;
    /** DHCPREQUEST. */
    public static final int REQUEST = 3;
    /** DHCPDECLINE. */
    public static final int DECLINE = 4;
    /** DHCPACK. */
    public static final int ACK = 5;
    /** DHCPNAK. */
    public static final int NAK = 6;
    /** DHCPRELEASE. */
    public static final int RELEASE = 7;
    /** DHCPINFORM. */
    public static final int INFORM = 8;

    private static final int FIXED = 236;
    private static final int COOKIE = 0x63825363;
    private static final int LEAST = 300;

    /** 1 for a request, 2 for a reply. */
    public int op = 1;
    /** The transaction. */
    public int xid;
    /** Seconds since the client began. */
    public int secs;
    /** The flags: 0x8000 asks for broadcast. */
    public int flags;
    /** The client's address if it has one. */
    public int ciaddr;
    /** The address given. */
    public int yiaddr;
    /** The next server. */
    public int siaddr;
    /** The relay. */
    public int giaddr;
    /** The client's MAC address. */
    public long chaddr;
    /** The server's name. */
    public String sname = "";
    /** The boot file. */
    public String file = "";
    /** The options by code, in order; those given more than once are joined (RFC 3396). Without any the message is BOOTP. */
    public final Map<Integer, byte[]> options = new LinkedHashMap<>();

    /** Creates an empty request. */
    public DhcpMessage() {}

    /** Sets an option. */
    public DhcpMessage option(int code, byte... value) {
        options.put(code, value);
        return this;
    }

    /** Sets an option to text. */
    public DhcpMessage option(int code, String text) {
        return option(code, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sets an option to addresses or other 32-bit numbers. */
    public DhcpMessage optionInts(int code, int... values) {
        byte[] bytes = new byte[4 * values.length];
        for (int i = 0; i < values.length; i++) {
            Bytes.put32(bytes, 4 * i, values[i]);
        }
        return option(code, bytes);
    }

    /** The message type of option 53, or 0 for BOOTP. */
    public int type() {
        byte[] value = options.get(53);
        return value == null || value.length != 1 ? 0 : value[0];
    }

    /** The first 32 bits of an option, or 0 without it. */
    public int intOption(int code) {
        byte[] value = options.get(code);
        return value == null || value.length < 4 ? 0 : Bytes.i32(value, 0);
    }

    /** The addresses in an option. */
    public List<InetAddress> addresses(int code) {
        byte[] value = options.getOrDefault(code, new byte[0]);
        List<InetAddress> addresses = new ArrayList<>();
        for (int at = 0; at + 4 <= value.length; at += 4) {
            addresses.add(address(Bytes.i32(value, at)));
        }
        return addresses;
    }

    /** An option as text, or null without it. */
    public @Nullable String text(int code) {
        byte[] value = options.get(code);
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    /** The bytes to send. */
    public byte[] encode() {
        byte[] fixed = new byte[FIXED];
        fixed[0] = (byte) op;
        fixed[1] = 1;
        fixed[2] = 6;
        Bytes.put32(fixed, 4, xid);
        Bytes.put16(fixed, 8, secs);
        Bytes.put16(fixed, 10, flags);
        Bytes.put32(fixed, 12, ciaddr);
        Bytes.put32(fixed, 16, yiaddr);
        Bytes.put32(fixed, 20, siaddr);
        Bytes.put32(fixed, 24, giaddr);
        Bytes.put48(fixed, 28, chaddr);
        putText(fixed, 44, 64, sname);
        putText(fixed, 108, 128, file);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(fixed);
        if (!options.isEmpty()) {
            byte[] cookie = new byte[4];
            Bytes.put32(cookie, 0, COOKIE);
            out.writeBytes(cookie);
            options.forEach((code, value) -> writeOption(out, code, value));
            out.write(255);
        }
        return out.size() < LEAST ? Arrays.copyOf(out.toByteArray(), LEAST) : out.toByteArray();
    }

    /**
     * Reads a message.
     *
     * @return null if lengths in it lie
     */
    public static @Nullable DhcpMessage decode(byte[] bytes) {
        if (bytes.length < FIXED || bytes[1] != 1 || bytes[2] != 6) {
            return null;
        }
        DhcpMessage message = new DhcpMessage();
        message.op = Bytes.u8(bytes, 0);
        message.xid = Bytes.i32(bytes, 4);
        message.secs = Bytes.u16(bytes, 8);
        message.flags = Bytes.u16(bytes, 10);
        message.ciaddr = Bytes.i32(bytes, 12);
        message.yiaddr = Bytes.i32(bytes, 16);
        message.siaddr = Bytes.i32(bytes, 20);
        message.giaddr = Bytes.i32(bytes, 24);
        message.chaddr = Bytes.u48(bytes, 28);
        message.sname = getText(bytes, 44, 64);
        message.file = getText(bytes, 108, 128);
        if (bytes.length < FIXED + 4 || Bytes.i32(bytes, FIXED) != COOKIE) {
            return message;
        }
        return message.decodeOptions(bytes) ? message : null;
    }

    private boolean decodeOptions(byte[] bytes) {
        int at = FIXED + 4;
        while (at < bytes.length) {
            int code = Bytes.u8(bytes, at++);
            if (code == 255) {
                return true;
            }
            if (code == 0) {
                continue;
            }
            int length = at < bytes.length ? Bytes.u8(bytes, at++) : 256;
            if (at + length > bytes.length) {
                return false;
            }
            byte[] value = Arrays.copyOfRange(bytes, at, at + length);
            options.merge(code, value, DhcpMessage::joined);
            at += length;
        }
        return false;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static void writeOption(ByteArrayOutputStream out, int code, byte[] value) {
        for (int from = 0; from == 0 || from < value.length; from += 255) {
            int length = Math.min(255, value.length - from);
            out.write(code);
            out.write(length);
            out.write(value, from, length);
        }
    }

    private static void putText(byte[] bytes, int at, int room, String text) {
        byte[] value = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(value, 0, bytes, at, Math.min(room, value.length));
    }

    private static String getText(byte[] bytes, int at, int room) {
        int end = at;
        while (end < at + room && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, at, end - at, StandardCharsets.UTF_8);
    }

    /** An address of the JDK's from 32 bits. */
    public static InetAddress address(int bits) {
        byte[] bytes = new byte[4];
        Bytes.put32(bytes, 0, bits);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return "DHCP type " + type() + ", yiaddr " + address(yiaddr).getHostAddress() + ", options " + options.keySet();
    }
}
