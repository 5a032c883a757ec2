package io.qnet.slirp.ip;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.Frame;
import io.qnet.loop.Timers;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingPacketsTest {
    private static final IpAddress GUEST = IpAddress.parse("10.0.2.15");

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
    private final ByteBuf buffer = Unpooled.wrappedBuffer(new byte[64]);
    private final Frame frame = new Frame();
    private final PendingPackets pending =
            new PendingPackets(allocator, new Timers(at -> {}), this::overwrite, new Counters());

    /** Requests are written into the buffer that fragments are written into. */
    private void overwrite(IpAddress neighbour) {
        buffer.setZero(0, 64);
        frame.clear().head(buffer, 0, 42);
    }

    @Test
    void theFrameThatMakesUsAskIsKeptAsItWas() {
        buffer.setByte(20, 0x5a);
        pending.add(GUEST, frame.head(buffer, 0, 64), 0);
        List<Integer> sent = new ArrayList<>();
        pending.resolved(GUEST, 0x5254_0012_3456L, kept -> {
            sent.add(kept.length());
            sent.add((int) kept.head().getUnsignedByte(kept.headIndex() + 20));
        });
        assertThat(sent).containsExactly(64, 0x5a);
        assertThat(allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory())
                .isZero();
    }
}
