package io.qnet.slirp.tcp;

import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random walks through the state machine; {@code -Dqnet.seeds=5000 -Dqnet.seed=1000} makes them many more, from another seed on. */
@ExtendWith(LeakCheck.class)
class RandomWalkTest {
    static LongStream seeds() {
        long first = Long.getLong("qnet.seed", 1);
        return LongStream.range(first, first + Long.getLong("qnet.seeds", 200));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void walk(long seed) {
        new RandomWalk(seed).run();
    }
}
