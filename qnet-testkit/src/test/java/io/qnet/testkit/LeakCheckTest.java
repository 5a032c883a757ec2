package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.qnet.Network;
import java.net.DatagramSocket;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class LeakCheckTest {
    private final LeakCheck leaks = LeakCheck.begin();

    @Test
    void findsABufferThatWasNotReleased() {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(100);
        assertThat(leaks.leaks()).contains("1 pooled buffers");
        buffer.release();
        leaks.verify();
    }

    @Test
    void findsTheThreadOfANetworkThatWasNotClosed() {
        Network net = Network.builder().name("left-open").open();
        net.call(() -> 1);
        assertThat(leaks.leaks()).anyMatch(leak -> leak.startsWith("thread 'qnet-left-open'"));
        net.close();
        leaks.verify();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void findsASocket() throws Exception {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            assertThat(socket.getLocalPort()).isPositive();
            assertThat(leaks.leaks()).anyMatch(leak -> leak.contains(": socket:"));
        }
        leaks.verify();
    }
}
