package io.qnet.slirp.ip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.wire.IpAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FlowTableTest {
    private static final IpAddress FAR = IpAddress.parse("192.0.2.1");

    private static final class Flow extends FlowTable.Entry<Flow> {
        Flow(IpAddress guest, int guestPort, IpAddress far, int farPort) {
            super(guest, guestPort, far, farPort);
        }

        @Override
        protected Flow self() {
            return this;
        }
    }

    private final FlowTable<Flow> table = new FlowTable<>();

    private static IpAddress guest(int i) {
        return (i & 1) == 0 ? IpAddress.ofIpv4(0x0a00_0200 + i % 7) : new IpAddress(0xfec0L << 48, i % 5);
    }

    @Test
    void agreesWithAMapInOrderOfUse() {
        Random random = new Random(3);
        Map<Integer, Flow> model = new LinkedHashMap<>();
        for (int round = 0; round < 20_000; round++) {
            int i = random.nextInt(600);
            Flow present = table.get(guest(i), i, FAR, 53);
            assertThat(present).isEqualTo(model.get(i));
            if (present == null) {
                Flow flow = new Flow(guest(i), i, FAR, 53);
                table.add(flow);
                model.put(i, flow);
            } else if (random.nextInt(3) == 0) {
                table.remove(present);
                model.remove(i);
            } else {
                table.touch(present);
                model.put(i, model.remove(i));
            }
            assertThat(table.size()).isEqualTo(model.size());
        }
        List<Flow> inOrder = new ArrayList<>();
        table.forEach(inOrder::add);
        assertThat(inOrder).containsExactlyElementsOf(model.values());
        assertThat(table.oldest()).isEqualTo(inOrder.get(0));
    }

    @Test
    void aMappingHasNoFarEnd() {
        Flow flow = new Flow(guest(0), 5000, IpAddress.ANY6, 0);
        table.add(flow);
        assertThat(table.get(guest(0), 5000)).isSameAs(flow);
        assertThat(table.get(guest(0), 5001)).isNull();
        assertThat(table.get(guest(0), 5000, FAR, 0)).isNull();
    }

    @Test
    void flowsMayRemoveThemselvesWhileListed() {
        for (int i = 0; i < 10; i++) {
            table.add(new Flow(guest(i), i, FAR, 1));
        }
        table.forEach(table::remove);
        assertThat(table.size()).isZero();
        assertThat(table.oldest()).isNull();
        assertThatThrownBy(() -> table.remove(new Flow(guest(1), 1, FAR, 1))).isInstanceOf(IllegalStateException.class);
    }
}
