package io.qnet.slirp.ip;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.loop.Timers;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReassemblerTest {
    private static final IpAddress GUEST = IpAddress.parse("10.0.2.15");
    private static final IpAddress HOST = IpAddress.parse("10.0.2.2");
    private static final IpAddress GUEST6 = IpAddress.parse("fec0::15");
    private static final long SECOND = 1_000_000_000L;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
    private final Timers timers = new Timers(at -> {});
    private final Counters counters = new Counters();
    private final List<byte[]> expired = new ArrayList<>();
    private final Reassembler reassembler =
            new Reassembler(allocator, timers, (guest, packet, now) -> expired.add(packet), counters);
    private final byte[] data = new byte[4000];
    private long nowNanos = Long.MAX_VALUE - SECOND;

    ReassemblerTest() {
        new Random(1).nextBytes(data);
    }

    @AfterEach
    void everythingIsReleased() {
        reassembler.close();
        assertThat(allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory())
                .isZero();
        assertThat(timers.armedCount()).isZero();
    }

    /** One fragment of {@link #data}; the bytes of the whole if it completes it. */
    private byte[] fragment(IpAddress from, int id, int offset, int length, boolean more) {
        ByteBuf bytes = Unpooled.wrappedBuffer(data);
        ByteBuf whole = reassembler.add(from, HOST, 17, id, offset, more, bytes, offset, offset, length, nowNanos);
        if (whole == null) {
            return null;
        }
        byte[] result = new byte[whole.readableBytes()];
        whole.readBytes(result);
        whole.release();
        return result;
    }

    private record Piece(int offset, int length, boolean more) {}

    private static List<Piece> pieces(int total, int step) {
        List<Piece> pieces = new ArrayList<>();
        for (int offset = 0; offset < total; offset += step) {
            int length = Math.min(step, total - offset);
            pieces.add(new Piece(offset, length, offset + length < total));
        }
        return pieces;
    }

    @Test
    void everyOrderOfThreeFragmentsGivesTheDatagram() {
        List<List<Integer>> orders = List.of(
                List.of(0, 1, 2),
                List.of(0, 2, 1),
                List.of(1, 0, 2),
                List.of(1, 2, 0),
                List.of(2, 0, 1),
                List.of(2, 1, 0));
        List<Piece> pieces = pieces(3080, 1480);
        for (List<Integer> order : orders) {
            byte[] whole = null;
            for (int i : order) {
                assertThat(whole).isNull();
                Piece piece = pieces.get(i);
                whole = fragment(GUEST, 7, piece.offset, piece.length, piece.more);
            }
            assertThat(whole).as("%s", order).isEqualTo(Arrays.copyOf(data, 3080));
        }
    }

    @Test
    void duplicatesAndAnyOrderOfManyFragmentsGiveTheDatagram() {
        Random random = new Random(2);
        for (int round = 0; round < 200; round++) {
            List<Piece> pieces = new ArrayList<>(pieces(4000, 8 * (20 + random.nextInt(100))));
            pieces.addAll(List.copyOf(pieces).subList(0, pieces.size() / 2));
            Collections.shuffle(pieces, random);
            byte[] whole = null;
            for (Piece piece : pieces) {
                byte[] complete = fragment(GUEST, round, piece.offset, piece.length, piece.more);
                whole = whole == null ? complete : whole;
            }
            assertThat(whole).isEqualTo(data);
            nowNanos += 31 * SECOND;
            timers.expire(nowNanos);
        }
    }

    @Test
    void ofAnOverlapTheFirstToArriveIsKept() {
        fragment(GUEST, 7, 0, 16, true);
        ByteBuf lies = Unpooled.wrappedBuffer(new byte[64]);
        ByteBuf whole = reassembler.add(GUEST, HOST, 17, 7, 8, false, lies, 0, 0, 24, nowNanos);
        byte[] result = new byte[32];
        whole.readBytes(result);
        whole.release();
        assertThat(Arrays.copyOf(result, 16)).isEqualTo(Arrays.copyOf(data, 16));
        assertThat(Arrays.copyOfRange(result, 16, 32)).isEqualTo(new byte[16]);
    }

    @Test
    void anOverlapOfIpv6EndsTheDatagram() {
        fragment(GUEST6, 7, 0, 16, true);
        assertThat(fragment(GUEST6, 7, 8, 24, false)).isNull();
        assertThat(reassembler.size()).isZero();
        assertThat(counters.value("drop.fragments-overlapping")).isEqualTo(1);
    }

    @Test
    void datagramsAreToldApartByIdAndSource() {
        fragment(GUEST, 1, 0, 8, true);
        fragment(GUEST, 2, 0, 8, true);
        fragment(IpAddress.parse("10.0.2.16"), 1, 0, 8, true);
        assertThat(reassembler.size()).isEqualTo(3);
        assertThat(fragment(GUEST, 1, 8, 8, false)).isEqualTo(Arrays.copyOf(data, 16));
        assertThat(reassembler.size()).isEqualTo(2);
    }

    @Test
    void fragmentsThatLieEndTheDatagram() {
        fragment(GUEST, 1, 0, 8, true);
        assertThat(fragment(GUEST, 1, 8, 7, true)).as("not a multiple of eight").isNull();
        fragment(GUEST, 2, 0, 8, true);
        fragment(GUEST, 2, 32, 8, false);
        assertThat(fragment(GUEST, 2, 8, 8, false)).as("two ends").isNull();
        fragment(GUEST, 3, 64, 8, true);
        assertThat(fragment(GUEST, 3, 0, 8, false))
                .as("an end before what came")
                .isNull();
        ByteBuf bytes = Unpooled.wrappedBuffer(data);
        assertThat(reassembler.add(GUEST, HOST, 17, 4, 65_528, false, bytes, 0, 0, 8, nowNanos))
                .isNull();
        assertThat(reassembler.size()).isZero();
        assertThat(counters.value("drop.fragments-malformed")).isEqualTo(4);
    }

    @Test
    void whatIsNotCompleteAfterThirtySecondsIsDropped() {
        fragment(GUEST, 1, 0, 8, true);
        nowNanos += 29 * SECOND;
        timers.expire(nowNanos);
        fragment(GUEST, 2, 0, 8, true);
        assertThat(reassembler.size()).isEqualTo(2);
        nowNanos += SECOND;
        timers.expire(nowNanos);
        assertThat(reassembler.size()).isEqualTo(1);
        nowNanos += 29 * SECOND;
        timers.expire(nowNanos);
        assertThat(reassembler.size()).isZero();
        assertThat(counters.value("drop.fragments-timed-out")).isEqualTo(2);
    }

    @Test
    void aFloodOfFragmentsIsBounded() {
        ByteBuf bytes = Unpooled.wrappedBuffer(data);
        for (int id = 0; id < 5000; id++) {
            reassembler.add(GUEST, HOST, 17, id, 60_000, true, bytes, 0, 0, 8, nowNanos);
            assertThat(reassembler.size()).isLessThanOrEqualTo(256);
            assertThat(reassembler.heldBytes()).isLessThanOrEqualTo(4 << 20);
        }
        for (int i = 0; i < 2000; i++) {
            reassembler.add(GUEST, HOST, 17, 1, 16 * i, true, bytes, 0, 0, 8, nowNanos);
        }
        assertThat(counters.value("drop.fragments-overlapping")).isPositive();
    }
}
