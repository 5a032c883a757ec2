package io.qnet.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** DNS messages of the test, made and read with dnsjava. */
final class DnsQuery {

    private DnsQuery() {}

    /** A question for a name's IPv4 address. */
    static byte[] forAddressOf(String name) {
        try {
            return Message.newQuery(Record.newRecord(Name.fromString(name + "."), Type.A, DClass.IN))
                    .toWire();
        } catch (TextParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** The same with the length in front, as over TCP (RFC 1035 §4.2.2). */
    static byte[] framed(byte[] message) {
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        framed.write(message.length >> 8);
        framed.write(message.length);
        framed.writeBytes(message);
        return framed.toByteArray();
    }

    /** The first IPv4 address that an answer gives. */
    static String addressIn(byte[] message) {
        try {
            return new Message(message)
                    .getSection(Section.ANSWER).stream()
                            .filter(ARecord.class::isInstance)
                            .map(found -> ((ARecord) found).getAddress().getHostAddress())
                            .findFirst()
                            .orElse("no address in the answer");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
