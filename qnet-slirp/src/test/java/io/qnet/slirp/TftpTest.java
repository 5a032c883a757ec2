package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files from and to the gateway, packet by packet (RFC 1350, RFC 2347 to 2349, RFC 7440). */
class TftpTest extends VirtualTimeTest {
    private static final String GATEWAY = "10.0.2.2";
    private static final String READ = "\0\1";
    private static final String WRITE = "\0\2";

    @TempDir
    Path top;

    private Path folder;
    private FakeGuest guest;
    private GuestUdp udp;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(top.resolve("boot"));
    }

    private void begin() {
        begin(false);
    }

    private void begin(boolean writable) {
        user(options -> options.tftp(folder).tftpWrite(writable));
        guest = guest();
        udp = guest.udp();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private byte[] file(String name, int length) throws IOException {
        byte[] content = bytes(length);
        Files.write(folder.resolve(name), content);
        return content;
    }

    private void send(byte[] packet) {
        udp.send(GATEWAY, 69, packet);
        net.settle();
    }

    private void ask(String operation, String name, String... optionsAndMode) {
        StringBuilder text = new StringBuilder(operation).append(name).append('\0');
        if (optionsAndMode.length % 2 == 0) {
            text.append("octet\0");
        }
        for (String each : optionsAndMode) {
            text.append(each).append('\0');
        }
        send(text.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private void ack(int block) {
        send(new byte[] {0, 4, (byte) (block >> 8), (byte) block});
    }

    private void data(int block, byte[] content) {
        byte[] packet = new byte[4 + content.length];
        packet[1] = 3;
        packet[2] = (byte) (block >> 8);
        packet[3] = (byte) block;
        System.arraycopy(content, 0, packet, 4, content.length);
        send(packet);
    }

    private byte @Nullable [] received() {
        Datagram datagram = udp.poll();
        if (datagram == null) {
            return null;
        }
        assertThat(datagram.port()).isEqualTo(69);
        assertThat(datagram.from().getHostAddress()).isEqualTo(GATEWAY);
        return datagram.data();
    }

    /** The content of the next packet, which must be DATA of this block. */
    private byte[] block(int number) {
        byte[] packet = received();
        assertThat(packet).as("block %s", number).isNotNull();
        assertThat(packet[1]).as("DATA").isEqualTo((byte) 3);
        assertThat(((packet[2] & 0xff) << 8) | (packet[3] & 0xff)).isEqualTo(number & 0xffff);
        return Arrays.copyOfRange(packet, 4, packet.length);
    }

    private void assertAck(int number) {
        assertThat(received()).containsExactly(0, 4, (byte) (number >> 8), (byte) number);
    }

    private void assertError(int code) {
        byte[] packet = received();
        assertThat(packet).isNotNull();
        assertThat(packet[1]).as("ERROR").isEqualTo((byte) 5);
        assertThat(packet[3]).isEqualTo((byte) code);
        assertThat(packet[packet.length - 1]).isZero();
    }

    private void assertOptions(String... namesAndValues) {
        byte[] packet = received();
        assertThat(packet).isNotNull();
        assertThat(new String(packet, StandardCharsets.ISO_8859_1))
                .isEqualTo("\0\6" + String.join("\0", namesAndValues) + "\0");
    }

    private void assertSilence() {
        assertThat(udp.available()).isZero();
    }

    private byte[] download(int size, int blockSize) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int block = 1; ; block++) {
            byte[] content = block(block);
            all.writeBytes(content);
            ack(block);
            if (content.length < blockSize) {
                assertThat(all.size()).isEqualTo(size);
                return all.toByteArray();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 512, 513, 1024, 200_000})
    void aFileOfAnyLengthArrivesInBlocksOf512(int size) throws IOException {
        byte[] content = file("kernel", size);
        begin();
        ask(READ, "kernel");
        assertThat(download(size, 512)).isEqualTo(content);
        net.advance(Duration.ofMinutes(1));
        assertSilence();
    }

    @Test
    void optionsAreAnsweredInTheOrderAskedAndUnknownOnesNot() throws IOException {
        byte[] content = file("kernel", 3000);
        begin();
        ask(READ, "/kernel", "tsize", "0", "multicast", "", "BlkSize", "1428", "timeout", "3");
        assertOptions("tsize", "3000", "blksize", "1428", "timeout", "3");
        ack(0);
        assertThat(download(3000, 1428)).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({"9000, 1428", "1428, 1428", "1000, 1000", "8, 8"})
    void aBlockFitsAPacket(int asked, int given) throws IOException {
        file("kernel", 100);
        begin();
        ask(READ, "kernel", "blksize", Integer.toString(asked));
        assertOptions("blksize", Integer.toString(given));
    }

    @ParameterizedTest
    @CsvSource({"blksize, 7", "blksize, 0", "blksize, -1", "blksize, 99999", "blksize, x", "timeout, 0", "timeout, 256"
    })
    void anOptionOutOfRangeIsAsIfItWereNotThere(String name, String value) throws IOException {
        file("kernel", 100);
        begin();
        ask(READ, "kernel", name, value);
        assertThat(block(1)).hasSize(100);
    }

    @Test
    void blockNumbersWrapToZero() throws IOException {
        int size = 8 * 65_540;
        byte[] content = file("kernel", size);
        begin();
        ask(READ, "kernel", "blksize", "8");
        assertOptions("blksize", "8");
        ack(0);
        assertThat(download(size, 8)).isEqualTo(content);
    }

    @Test
    void aWindowIsSentAtOnceAndGoesOnBehindWhatArrived() throws IOException {
        byte[] content = file("kernel", 5000);
        begin();
        ask(READ, "kernel", "windowsize", "4");
        assertOptions("windowsize", "4");
        ack(0);
        for (int block = 1; block <= 4; block++) {
            assertThat(block(block)).isEqualTo(Arrays.copyOfRange(content, (block - 1) * 512, block * 512));
        }
        assertSilence();
        ack(2); // the third was lost
        for (int block = 3; block <= 6; block++) {
            assertThat(block(block)).isEqualTo(Arrays.copyOfRange(content, (block - 1) * 512, block * 512));
        }
        ack(6);
        for (int block = 7; block <= 10; block++) {
            block(block);
        }
        ack(6); // the seventh was lost
        for (int block = 7; block <= 10; block++) {
            block(block);
        }
        ack(6);
        assertSilence();
        ack(10);
        net.advance(Duration.ofMinutes(1));
        assertSilence();
    }

    @Test
    void aRepeatedAcknowledgementSendsNothingTwice() throws IOException {
        file("kernel", 5000);
        begin();
        ask(READ, "kernel");
        block(1);
        ack(1);
        block(2);
        ack(1);
        ack(9);
        ack(0);
        assertSilence();
        ack(2);
        block(3);
    }

    @Test
    void whatIsLostIsSentAgainUntilNobodyAnswersForLong() throws IOException {
        file("kernel", 100);
        begin();
        ask(READ, "kernel");
        block(1);
        for (int i = 0; i < 6; i++) {
            net.advance(Duration.ofSeconds(8));
        }
        int again = 0;
        while (udp.available() > 0) {
            assertThat(block(1)).hasSize(100);
            again++;
        }
        assertThat(again).isEqualTo(6);
        net.advance(Duration.ofMinutes(5));
        assertSilence();
    }

    @Test
    void theTimeoutIsTheGuestsToChoose() throws IOException {
        file("kernel", 100);
        begin();
        ask(READ, "kernel", "timeout", "3");
        assertOptions("timeout", "3");
        net.advance(Duration.ofMillis(2900));
        assertSilence();
        net.advance(Duration.ofMillis(200));
        assertOptions("timeout", "3");
        ack(0);
        block(1);
    }

    @Test
    void anErrorOfTheGuestEndsTheTransfer() throws IOException {
        file("kernel", 5000);
        begin();
        ask(READ, "kernel", "tsize", "0");
        assertOptions("tsize", "5000");
        send(new byte[] {0, 5, 0, 8, 0});
        net.advance(Duration.ofMinutes(1));
        assertSilence();
    }

    @ParameterizedTest
    @CsvSource({
        "missing, 1",
        "sub, 1",
        "../secret, 2",
        "sub/../../secret, 2",
        "..\\secret, 2",
        "a\\..\\..\\secret, 2",
        "C:secret, 2",
        "c:\\secret, 2",
        "\\\\server\\secret, 2",
        "link, 2",
        "out/secret, 2",
        "sub/, 2",
        "'', 2",
        "/, 2",
        "'/../secret', 2",
    })
    void nothingLeadsOutOfTheFolder(String name, int code) throws IOException {
        Files.writeString(top.resolve("secret"), "secret");
        Files.createDirectory(folder.resolve("sub"));
        Files.createSymbolicLink(folder.resolve("link"), top.resolve("secret"));
        Files.createSymbolicLink(folder.resolve("out"), top);
        begin();
        ask(READ, name);
        assertError(code);
        assertSilence();
    }

    @Test
    void aLinkInsideTheFolderIsFollowed() throws IOException {
        file("kernel", 100);
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("kernel"));
        begin();
        ask(READ, "link");
        assertThat(block(1)).hasSize(100);
    }

    @Test
    void onlyOctetIsServed() throws IOException {
        file("kernel", 100);
        begin();
        ask(READ, "kernel", "netascii");
        assertError(4);
        ask(READ, "kernel", "OcTeT");
        assertThat(block(1)).hasSize(100);
    }

    @Test
    void withoutAFolderEverythingIsRefused() {
        user();
        udp = guest().udp();
        ask(READ, "kernel");
        assertError(2);
    }

    @Test
    void whatHasNoEndIsRefusedOrIgnored() {
        begin();
        send("\0\1kernel".getBytes(StandardCharsets.ISO_8859_1));
        assertError(2);
        send("\0\1kernel\0octet".getBytes(StandardCharsets.ISO_8859_1));
        assertError(2);
        send("\0\1kernel\0octet\0blksize".getBytes(StandardCharsets.ISO_8859_1));
        assertError(2);
        send(("\0\1" + "k".repeat(512) + "\0octet\0").getBytes(StandardCharsets.ISO_8859_1));
        assertError(2);
        send(new byte[] {0, 9, 0, 0});
        send(new byte[] {0, 1});
        send(new byte[0]);
        assertSilence();
    }

    @Test
    void theSixtyFifthFileWaitsUntilAnotherIsIdle() throws IOException {
        file("kernel", 100);
        begin();
        for (int i = 0; i < 64; i++) {
            ask(READ, "kernel");
            udp.close();
            udp = guest.udp();
        }
        ask(READ, "kernel");
        assertError(0);
        net.advance(Duration.ofSeconds(6));
        ask(READ, "kernel");
        assertThat(block(1)).hasSize(100);
    }

    @Test
    void writingIsRefusedUnlessAllowed() {
        begin();
        ask(WRITE, "upload");
        assertError(2);
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 511, 512, 1024, 200_000})
    void aFileIsWrittenWhereThatIsAllowed(int size) throws IOException {
        begin(true);
        byte[] content = bytes(size);
        ask(WRITE, "upload");
        assertAck(0);
        for (int block = 1; block <= size / 512 + 1; block++) {
            data(block, Arrays.copyOfRange(content, (block - 1) * 512, Math.min(size, block * 512)));
            assertAck(block);
        }
        assertThat(folder.resolve("upload")).hasBinaryContent(content);
        ask(WRITE, "upload");
        assertError(6);
        ask(WRITE, "../escaped");
        assertError(2);
    }

    @Test
    void aLostAcknowledgementOfTheLastBlockIsSentAgain() {
        begin(true);
        ask(WRITE, "upload", "blksize", "1000", "tsize", "10");
        assertOptions("blksize", "1000", "tsize", "10");
        data(1, bytes(10));
        assertAck(1);
        data(1, bytes(10));
        assertAck(1);
        assertThat(folder.resolve("upload")).hasBinaryContent(bytes(10));
    }

    @Test
    void whatIsNotFinishedIsDeleted() {
        begin(true);
        ask(WRITE, "upload");
        assertAck(0);
        data(1, bytes(512));
        assertAck(1);
        net.advance(Duration.ofMinutes(5));
        net.settle();
        assertThat(folder).isEmptyDirectory();
    }
}
