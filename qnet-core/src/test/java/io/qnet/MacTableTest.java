package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MacTableTest {
    private static final long SECOND = 1_000_000_000L;

    /** Random learning, moving, forgetting and ageing against a map. */
    @Test
    void agreesWithAMap() {
        HubPort[] ports = new HubPort[5];
        for (int i = 0; i < ports.length; i++) {
            ports[i] = HubPort.config("p" + i, 0).create();
        }
        MacTable table = new MacTable(200, 100, 10 * SECOND);
        Map<Long, HubPort> where = new HashMap<>();
        Map<Long, Long> when = new HashMap<>();
        Random random = new Random(3);
        long now = Long.MAX_VALUE - SECOND; // across the wrap
        for (int i = 0; i < 100_000; i++) {
            now += random.nextInt(20_000_000);
            long address = random.nextInt(400) * 0x1_0001L;
            HubPort port = ports[random.nextInt(ports.length)];
            if (random.nextInt(500) == 0) {
                table.forget(port);
                where.values().removeIf(each -> each == port);
                assertThat(port.learned).isZero();
            } else if (table.learn(address, port, now)) {
                where.put(address, port);
                when.put(address, now);
            }
            long asked = random.nextInt(400) * 0x1_0001L;
            HubPort expected = where.get(asked);
            boolean aged = expected != null && now - when.get(asked) > 10 * SECOND;
            assertThat(table.find(asked, now)).isSameAs(aged ? null : expected);
            assertThat(table.size()).isLessThanOrEqualTo(200);
        }
    }
}
