package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResolversTest {
    private static final long SECOND = 1_000_000_000L;
    private static final List<String> LOOPBACK = List.of("127.0.0.1:53");

    @TempDir
    Path folder;

    @Test
    void readsAllNameServersInOrder() {
        String text = """
                # a comment
                search example.org
                nameserver 192.0.2.1
                nameserver\t2001:db8::1\s
                options ndots:1
                  nameserver 192.0.2.2 # third
                """;
        assertThat(parse(text)).containsExactly("192.0.2.1:53", "2001:db8:0:0:0:0:0:1:53", "192.0.2.2:53");
    }

    @Test
    void whatIsNoAddressIsPassedOver() {
        String text = """
                nameserver
                nameserver example.org
                nameservers 192.0.2.1
                nameserver fe80::1%nosuchif0
                ;x
                """;
        assertThat(parse(text)).isEqualTo(LOOPBACK);
    }

    @Test
    void noLineMeansLoopback() {
        assertThat(parse("")).isEqualTo(LOOPBACK);
    }

    @Test
    void followsTheFileOnceASecond() throws Exception {
        Path file = folder.resolve("resolv.conf");
        Resolvers resolvers = new Resolvers(file);
        assertThat(text(resolvers.servers(0))).isEqualTo(LOOPBACK);
        Files.writeString(file, "nameserver 192.0.2.1\n");
        assertThat(text(resolvers.servers(SECOND - 1))).isEqualTo(LOOPBACK);
        assertThat(text(resolvers.servers(SECOND))).containsExactly("192.0.2.1:53");
        Files.writeString(file, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
        assertThat(text(resolvers.servers(2 * SECOND))).containsExactly("192.0.2.1:53", "192.0.2.2:53");
        Files.delete(file);
        assertThat(text(resolvers.servers(3 * SECOND))).isEqualTo(LOOPBACK);
    }

    @Test
    void aFileThatWasReplacedByAnotherOfTheSameSizeAndTimeIsRead() throws Exception {
        Path file = folder.resolve("resolv.conf");
        Path other = folder.resolve("resolv.conf.new");
        Files.writeString(file, "nameserver 192.0.2.1\n");
        Files.writeString(other, "nameserver 192.0.2.2\n");
        Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
        Resolvers resolvers = new Resolvers(file);
        assertThat(text(resolvers.servers(0))).containsExactly("192.0.2.1:53");
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(text(resolvers.servers(SECOND))).containsExactly("192.0.2.2:53");
    }

    @Test
    void aChangeWithinTheSameMillisecondIsSeen() throws Exception {
        Path file = folder.resolve("resolv.conf");
        Files.writeString(file, "nameserver 192.0.2.1\n");
        Files.setLastModifiedTime(file, FileTime.from(1_700_000_000_000_000_100L, TimeUnit.NANOSECONDS));
        Resolvers resolvers = new Resolvers(file);
        resolvers.servers(0);
        Files.writeString(file, "nameserver 192.0.2.2\n");
        Files.setLastModifiedTime(file, FileTime.from(1_700_000_000_000_900_100L, TimeUnit.NANOSECONDS));
        assertThat(text(resolvers.servers(SECOND))).containsExactly("192.0.2.2:53");
    }

    @Test
    void aScopeOfAnInterfaceIsKept() throws Exception {
        String name = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress())
                .getName();
        List<InetSocketAddress> servers = Resolvers.parse("nameserver fe80::1%" + name + "\n");
        assertThat(servers)
                .singleElement()
                .satisfies(server -> assertThat(((Inet6Address) server.getAddress()).getScopeId())
                        .isPositive());
    }

    private static List<String> parse(String text) {
        return text(Resolvers.parse(text));
    }

    private static List<String> text(List<InetSocketAddress> servers) {
        return servers.stream()
                .map(each -> each.getAddress().getHostAddress() + ":" + each.getPort())
                .toList();
    }
}
