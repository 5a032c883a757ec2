package io.qnet.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimersTest {
    private final List<Long> wakeUps = new ArrayList<>();
    private final List<String> fired = new ArrayList<>();
    private final Timers timers = new Timers(wakeUps::add);

    /** Writes its name when it fires, then does what it was told. */
    private final class Named extends Timer {
        private final String name;
        private Runnable then = () -> {};

        Named(String name) {
            this.name = name;
        }

        @Override
        protected void onTimer(long nowNanos) {
            fired.add(name + "@" + nowNanos);
            then.run();
        }
    }

    @Test
    void firesInTheOrderOfDeadlinesAndAsksForTheEarliest() {
        Named one = new Named("one");
        Named two = new Named("two");
        timers.arm(two, 20);
        timers.arm(one, 10);
        assertThat(wakeUps).containsExactly(20L, 10L);
        timers.expire(9);
        assertThat(fired).isEmpty();
        timers.expire(25);
        assertThat(fired).containsExactly("one@25", "two@25");
        assertThat(one.isArmed()).isFalse();
        assertThat(timers.armedCount()).isZero();
    }

    @Test
    void aLaterDeadlineAsksForNothing() {
        Named one = new Named("one");
        timers.arm(one, 10);
        timers.arm(one, 50);
        timers.arm(one, 40);
        assertThat(wakeUps).containsExactly(10L);
        timers.expire(10);
        assertThat(fired).isEmpty();
        assertThat(wakeUps).containsExactly(10L, 40L);
        timers.expire(40);
        assertThat(fired).containsExactly("one@40");
    }

    @Test
    void anEarlierDeadlineWins() {
        Named one = new Named("one");
        timers.arm(one, 50);
        timers.arm(one, 10);
        timers.expire(10);
        assertThat(fired).containsExactly("one@10");
        timers.expire(50);
        assertThat(fired).hasSize(1);
    }

    @Test
    void cancelledTimersDoNotFire() {
        Named one = new Named("one");
        timers.arm(one, 10);
        timers.cancel(one);
        timers.cancel(one);
        timers.expire(20);
        assertThat(fired).isEmpty();
        timers.arm(one, 30);
        timers.expire(30);
        assertThat(fired).containsExactly("one@30");
    }

    @Test
    void aTimerThatArmsItselfInThePastWaitsForTheNextCall() {
        Named one = new Named("one");
        one.then = () -> timers.arm(one, 5);
        timers.arm(one, 10);
        timers.expire(10);
        assertThat(fired).containsExactly("one@10");
        assertThat(wakeUps).endsWith(11L);
        timers.expire(11);
        assertThat(fired).containsExactly("one@10", "one@11");
    }

    @Test
    void timersMayBeArmedAndCancelledByOthersThatFire() {
        Named one = new Named("one");
        Named two = new Named("two");
        Named three = new Named("three");
        one.then = () -> {
            timers.cancel(two);
            timers.arm(three, 15);
        };
        timers.arm(one, 10);
        timers.arm(two, 10);
        timers.expire(10);
        timers.expire(15);
        assertThat(fired).containsExactly("one@10", "three@15");
    }

    @Test
    void oneThatThrowsDoesNotKeepTheOthersFromFiring() {
        List<Timer> failed = new ArrayList<>();
        Timers guarded = new Timers(wakeUps::add, (timer, failure) -> failed.add(timer));
        Named bad = new Named("bad");
        bad.then = () -> {
            throw new IllegalStateException("a bug that a test made");
        };
        Named good = new Named("good");
        guarded.arm(bad, 1);
        guarded.arm(good, 2);
        guarded.expire(2);
        assertThat(fired).containsExactly("bad@2", "good@2");
        assertThat(failed).containsExactly(bad);
        timers.arm(bad, 1);
        assertThatThrownBy(() -> timers.expire(1)).isInstanceOf(IllegalStateException.class);
        timers.arm(good, 3);
        timers.expire(3);
        assertThat(fired).endsWith("good@3");
    }

    /** Against a list, with deadlines on both sides of the sign and of the wrap. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 500, -500})
    void agreesWithAPlainList(long start) {
        Random random = new Random(start);
        List<Counting> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(new Counting());
        }
        long now = start;
        for (int step = 0; step < 20_000; step++) {
            Counting timer = all.get(random.nextInt(all.size()));
            switch (random.nextInt(4)) {
                case 0 -> {
                    timer.expected = Long.MIN_VALUE;
                    timer.set = false;
                    timers.cancel(timer);
                }
                case 1, 2 -> {
                    timer.expected = now + random.nextInt(100) - 10;
                    timer.set = true;
                    timers.arm(timer, timer.expected);
                }
                default -> {
                    now += random.nextInt(30);
                    timers.expire(now);
                    for (Counting each : all) {
                        boolean due = each.set && each.expected - now <= 0;
                        assertThat(each.fired).isEqualTo(due);
                        if (due) {
                            each.set = false;
                            each.fired = false;
                        }
                    }
                }
            }
        }
    }

    private static final class Counting extends Timer {
        private long expected;
        private boolean set;
        private boolean fired;

        @Override
        protected void onTimer(long nowNanos) {
            fired = true;
        }
    }
}
