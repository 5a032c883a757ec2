package io.qnet.testkit.codec;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A DNS message as a stub resolver sees it (RFC 1035): one question, the answer records.
 *
 * @param id the transaction
 * @param flags the second 16 bits of the header
 * @param name what was asked for, without the last dot
 * @param type the record type asked for
 * @param answers the records of the answer section
 */
public record DnsMessage(int id, int flags, String name, int type, List<Answer> answers) {
    /** Type A. */
    public static final int A = 1;
    /** Type CNAME. */
    public static final int CNAME = 5;
    /** Type PTR. */
    public static final int PTR = 12;
    /** Type TXT. */
    public static final int TXT = 16;
    /** Type AAAA. */
    public static final int AAAA = 28;

    private static final int MOST_JUMPS = 32;

    /**
     * One record.
     *
     * @param name whose it is
     * @param type its type
     * @param ttlSeconds how long it may be kept
     * @param data its data as it stands in the message
     * @param text its data for a person: an address, a name, a text; empty for other types
     */
    @SuppressWarnings("ArrayRecordComponent") // for reading only
    public record Answer(String name, int type, long ttlSeconds, byte[] data, String text) {
        /** The address of an A or AAAA record. */
        public InetAddress address() {
            try {
                return InetAddress.getByAddress(data);
            } catch (UnknownHostException e) {
                throw new IllegalStateException("record of type " + type + " has no address", e);
            }
        }
    }

    /** The response code: 0 no error, 3 no such name. */
    public int responseCode() {
        return flags & 0xf;
    }

    /** Whether this is a response. */
    public boolean isResponse() {
        return (flags & 0x8000) != 0;
    }

    /** Whether it was cut short and is to be asked for by TCP. */
    public boolean isTruncated() {
        return (flags & 0x0200) != 0;
    }

    /** The bytes of a recursive query. */
    public static byte[] query(int id, String name, int type) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] header = new byte[12];
        Bytes.put16(header, 0, id);
        Bytes.put16(header, 2, 0x0100);
        Bytes.put16(header, 4, 1);
        out.writeBytes(header);
        out.writeBytes(encodeName(name));
        byte[] tail = new byte[4];
        Bytes.put16(tail, 0, type);
        Bytes.put16(tail, 2, 1);
        out.writeBytes(tail);
        return out.toByteArray();
    }

    /**
     * The bytes of an answer to a query of this kind, for servers of tests: addresses become A or AAAA records. Without any the response code says "no such name".
     */
    public static byte[] respond(DnsMessage query, List<InetAddress> addresses) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] question = query(query.id(), query.name(), query.type());
        List<InetAddress> fitting = addresses.stream()
                .filter(address -> address.getAddress().length == (query.type() == AAAA ? 16 : 4))
                .filter(address -> query.type() == A || query.type() == AAAA)
                .toList();
        Bytes.put16(question, 2, addresses.isEmpty() ? 0x8183 : 0x8180);
        Bytes.put16(question, 6, fitting.size());
        out.writeBytes(question);
        for (InetAddress address : fitting) {
            byte[] bytes = address.getAddress();
            byte[] record = new byte[12];
            Bytes.put16(record, 0, 0xc00c);
            Bytes.put16(record, 2, query.type());
            Bytes.put16(record, 4, 1);
            Bytes.put32(record, 6, 60);
            Bytes.put16(record, 10, bytes.length);
            out.writeBytes(record);
            out.writeBytes(bytes);
        }
        return out.toByteArray();
    }

    /**
     * Reads a message.
     *
     * @return null if lengths in it lie or it has not exactly one question
     */
    public static @Nullable DnsMessage decode(byte[] bytes) {
        if (bytes.length < 12 || Bytes.u16(bytes, 4) != 1) {
            return null;
        }
        Reader reader = new Reader(bytes, 12);
        try {
            String name = reader.name();
            int type = reader.u16();
            reader.u16();
            List<Answer> answers = new ArrayList<>();
            for (int i = 0; i < Bytes.u16(bytes, 6); i++) {
                answers.add(reader.answer());
            }
            return new DnsMessage(Bytes.u16(bytes, 0), Bytes.u16(bytes, 2), name, type, answers);
        } catch (IndexOutOfBoundsException e) {
            return null;
        }
    }

    private static byte[] encodeName(String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            byte[] bytes = label.getBytes(StandardCharsets.UTF_8);
            if (bytes.length > 63) {
                throw new IllegalArgumentException("label of " + bytes.length + " bytes in '" + name + "'");
            }
            if (bytes.length > 0) {
                out.write(bytes.length);
                out.writeBytes(bytes);
            }
        }
        out.write(0);
        return out.toByteArray();
    }

    /** Reads names and records; lies end in {@link IndexOutOfBoundsException}. */
    private static final class Reader {
        private final byte[] bytes;
        private int at;

        Reader(byte[] bytes, int at) {
            this.bytes = bytes;
            this.at = at;
        }

        int u16() {
            int value = Bytes.u16(bytes, at);
            at += 2;
            return value;
        }

        String name() {
            StringBuilder name = new StringBuilder();
            int from = at;
            boolean jumped = false;
            for (int jumps = 0; jumps < MOST_JUMPS; ) {
                int length = Bytes.u8(bytes, from);
                if (length >= 0xc0) {
                    at = jumped ? at : from + 2;
                    jumped = true;
                    jumps++;
                    from = Bytes.u16(bytes, from) & 0x3fff;
                    continue;
                }
                from++;
                if (length == 0) {
                    at = jumped ? at : from;
                    return name.toString();
                }
                name.append(name.isEmpty() ? "" : ".").append(text(from, length));
                from += length;
            }
            throw new IndexOutOfBoundsException("names that lead in a circle");
        }

        Answer answer() {
            String name = name();
            int type = u16();
            u16();
            long ttl = Bytes.u32(bytes, at);
            at += 4;
            int length = u16();
            int end = at + length;
            if (end > bytes.length) {
                throw new IndexOutOfBoundsException(end);
            }
            byte[] data = Arrays.copyOfRange(bytes, at, end);
            String text = describe(type, data);
            at = end;
            return new Answer(name, type, ttl, data, text);
        }

        private String describe(int type, byte[] data) {
            if ((type == A && data.length == 4) || (type == AAAA && data.length == 16)) {
                return new Answer("", type, 0, data, "").address().getHostAddress();
            }
            if (type == CNAME || type == PTR) {
                return name();
            }
            if (type == TXT && data.length > 0) {
                return text(at + 1, Math.min(Bytes.u8(bytes, at), data.length - 1));
            }
            return "";
        }

        private String text(int from, int length) {
            if (from + length > bytes.length) {
                throw new IndexOutOfBoundsException(from + length);
            }
            return new String(bytes, from, length, StandardCharsets.UTF_8);
        }
    }
}
