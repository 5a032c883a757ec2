package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DhcpMessage;
import io.qnet.testkit.codec.DnsMessage;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The guest's DHCP and DNS clients, against servers that another guest plays. */
class GuestServicesTest {
    private static final InetAddress BROADCAST = Addresses.parse("255.255.255.255");
    private static final int LEASED = 0x0a00_000f;

    private final VirtualNetwork net = VirtualNetwork.open();
    private final FakeGuest client = net.guest("client");
    private final FakeGuest server = net.guest("server").address("10.0.0.2", 24);
    private final List<DhcpMessage> asked = new ArrayList<>();
    private int lost;
    private boolean refusing;

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void getsALease() {
        serveDhcp();
        Lease lease = client.dhcp();
        assertThat(lease).hasToString("10.0.0.15/24 via 10.0.0.2");
        assertThat(client.address()).isEqualTo(lease.address());
        assertThat(lease.time()).hasHours(24);
        assertThat(lease.domainName()).isEqualTo("test");
        assertThat(asked).extracting(DhcpMessage::type).containsExactly(DhcpMessage.DISCOVER, DhcpMessage.REQUEST);
        assertThat(client.ping("10.0.0.2").from().getHostAddress()).isEqualTo("10.0.0.2");
    }

    @Test
    void asksAgainWhenNobodyAnswers() {
        serveDhcp();
        lost = 2;
        client.dhcp();
        assertThat(asked).hasSize(4);
        assertThat(net.elapsed()).hasSeconds(3);
    }

    @Test
    void aRefusalIsAnError() {
        serveDhcp();
        refusing = true;
        assertThatThrownBy(client::dhcp).hasMessageContaining("DHCPNAK no such luck");
        assertThat(client.address()).isNull();
    }

    @Test
    void renewsByUnicastAndReleases() {
        serveDhcp();
        client.dhcp();
        client.dhcpClient().renew();
        assertThat(asked.get(2).ciaddr).isEqualTo(LEASED);
        assertThat(asked.get(2).options).doesNotContainKeys(50, 54);
        client.dhcpClient().release();
        net.settle();
        assertThat(asked.get(3).type()).isEqualTo(DhcpMessage.RELEASE);
        assertThat(client.address()).isNull();
    }

    @Test
    void informsWithAnAddressOfItsOwn() {
        serveDhcp();
        client.address("10.0.0.77", 24);
        assertThat(client.dhcpClient().inform().text(15)).isEqualTo("test");
        assertThat(asked).singleElement().satisfies(question -> {
            assertThat(question.type()).isEqualTo(DhcpMessage.INFORM);
            assertThat(question.ciaddr).isEqualTo(0x0a00_004d);
        });
        assertThat(client.address().getHostAddress()).isEqualTo("10.0.0.77");
    }

    @Test
    void resolvesNames() {
        serveDns(false);
        client.address("10.0.0.1", 24).nameServers("10.0.0.2");
        assertThat(client.resolve("host.test"))
                .extracting(InetAddress::getHostAddress)
                .containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1");
        assertThatThrownBy(() -> client.resolve("nobody.test")).hasMessageContaining("response code 3");
    }

    @Test
    void asksByTcpWhenTheAnswerDoesNotFit() {
        serveDns(true);
        client.address("10.0.0.1", 24).nameServers("10.0.0.2");
        DnsMessage answer = client.query("host.test", DnsMessage.A);
        assertThat(answer.isTruncated()).isFalse();
        assertThat(answer.answers()).extracting(DnsMessage.Answer::text).containsExactly("192.0.2.1");
    }

    @Test
    void connectsByName() {
        serveDns(false);
        client.address("10.0.0.1", 24).nameServers("10.0.0.2");
        server.serveHttp(80, "found");
        assertThat(client.httpGet("http://server.test/").text()).isEqualTo("found");
    }

    private void serveDhcp() {
        GuestUdp socket = server.udp(67);
        socket.onDatagram(datagram -> {
            DhcpMessage question = DhcpMessage.decode(datagram.data());
            asked.add(question);
            if (lost > 0) {
                lost--;
            } else if (question.type() != DhcpMessage.RELEASE) {
                DhcpMessage reply = reply(question);
                socket.sendOnLoop(question.ciaddr == 0 ? BROADCAST : datagram.from(), 68, reply.encode(), 0);
            }
        });
    }

    private DhcpMessage reply(DhcpMessage question) {
        DhcpMessage reply = new DhcpMessage();
        reply.op = 2;
        reply.xid = question.xid;
        reply.chaddr = question.chaddr;
        if (refusing && question.type() == DhcpMessage.REQUEST) {
            return reply.option(53, (byte) DhcpMessage.NAK).option(56, "no such luck");
        }
        reply.yiaddr = LEASED;
        int type = question.type() == DhcpMessage.DISCOVER ? DhcpMessage.OFFER : DhcpMessage.ACK;
        return reply.option(53, (byte) type)
                .optionInts(54, 0x0a00_0002)
                .optionInts(1, 0xffff_ff00)
                .optionInts(3, 0x0a00_0002)
                .optionInts(6, 0x0a00_0003)
                .optionInts(51, 86_400)
                .option(15, "test");
    }

    private void serveDns(boolean truncating) {
        GuestUdp socket = server.udp(53);
        socket.onDatagram(datagram -> {
            byte[] answer = answer(datagram.data());
            if (truncating) {
                Bytes.put16(answer, 2, 0x8380);
            }
            socket.sendOnLoop(datagram.from(), datagram.port(), answer, 0);
        });
        server.listen(
                53,
                connection -> connection.handle(readable -> {
                    byte[] question = new byte[600];
                    int length = readable.tryRead(question, 0, question.length);
                    if (length > 0) {
                        byte[] answer = answer(Arrays.copyOfRange(question, 2, length));
                        byte[] framed = new byte[answer.length + 2];
                        Bytes.put16(framed, 0, answer.length);
                        System.arraycopy(answer, 0, framed, 2, answer.length);
                        readable.tryWrite(framed, 0, framed.length);
                    }
                }));
    }

    private static byte[] answer(byte[] question) {
        DnsMessage query = DnsMessage.decode(question);
        return DnsMessage.respond(
                query,
                switch (query.name()) {
                    case "host.test" -> List.of(Addresses.parse("192.0.2.1"), Addresses.parse("2001:db8::1"));
                    case "server.test" -> List.of(Addresses.parse("10.0.0.2"));
                    default -> List.of();
                });
    }
}
