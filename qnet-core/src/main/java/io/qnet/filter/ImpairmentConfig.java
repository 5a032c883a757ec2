package io.qnet.filter;

import io.qnet.NetdevException;
import java.math.BigDecimal;
import java.time.Duration;

/**
 * How bad a line is. Immutable: each setter answers a changed copy.
 *
 * @param loss the probability that a frame is lost, 0 to 1
 * @param burst the mean number of frames lost in a row; 1 for losses that do not depend on each other
 * @param delayNanos how long a frame is under way
 * @param jitterNanos how much longer or shorter at most; frames do not overtake because of it
 * @param duplicate the probability that a frame comes twice
 * @param reorder the probability that a frame is held back, so that those after it overtake
 * @param reorderNanos how long it is held back
 * @param corrupt the probability that one bit of a frame is flipped
 * @param rateBitsPerSecond how fast the line is, 0 for no limit
 * @param limitBytes how much waits for a line of limited rate before frames are dropped
 * @param seed of all chances
 */
public record ImpairmentConfig(
        double loss,
        double burst,
        long delayNanos,
        long jitterNanos,
        double duplicate,
        double reorder,
        long reorderNanos,
        double corrupt,
        long rateBitsPerSecond,
        long limitBytes,
        long seed) {
    private static final double NANOS_A_MICRO = 1000;

    /** A perfect line. */
    public static final ImpairmentConfig NONE = new ImpairmentConfig(0, 1, 0, 0, 0, 0, 1_000_000, 0, 0, 1 << 20, 0);

    /** Checks the values. */
    public ImpairmentConfig {
        checkProbability("loss", loss);
        checkProbability("duplicate", duplicate);
        checkProbability("reorder", reorder);
        checkProbability("corrupt", corrupt);
        check(burst >= 1, "burst", "a number not below 1");
        check(delayNanos >= 0, "delay", "a time");
        check(jitterNanos >= 0, "jitter", "a time");
        check(reorderNanos >= 0, "reorderDelay", "a time");
        check(rateBitsPerSecond >= 0, "rate", "a rate");
        check(limitBytes > 0, "limit", "a size above 0");
    }

    /** Loses frames, each by itself. */
    public ImpairmentConfig loss(double probability) {
        return loss(probability, burst);
    }

    /** Loses frames in bursts (the Gilbert model): {@code probability} of all, {@code meanBurst} in a row. */
    public ImpairmentConfig loss(double probability, double meanBurst) {
        return new ImpairmentConfig(
                probability,
                meanBurst,
                delayNanos,
                jitterNanos,
                duplicate,
                reorder,
                reorderNanos,
                corrupt,
                rateBitsPerSecond,
                limitBytes,
                seed);
    }

    /** Delays every frame. */
    public ImpairmentConfig delay(Duration delay) {
        return delay(delay, Duration.ofNanos(jitterNanos));
    }

    /** Delays every frame by {@code delay}, give or take up to {@code jitter}. */
    public ImpairmentConfig delay(Duration delay, Duration jitter) {
        return new ImpairmentConfig(
                loss,
                burst,
                delay.toNanos(),
                jitter.toNanos(),
                duplicate,
                reorder,
                reorderNanos,
                corrupt,
                rateBitsPerSecond,
                limitBytes,
                seed);
    }

    /** Sends some frames twice. */
    public ImpairmentConfig duplicate(double probability) {
        return new ImpairmentConfig(
                loss,
                burst,
                delayNanos,
                jitterNanos,
                probability,
                reorder,
                reorderNanos,
                corrupt,
                rateBitsPerSecond,
                limitBytes,
                seed);
    }

    /** Holds some frames back by {@code by}. */
    public ImpairmentConfig reorder(double probability, Duration by) {
        return new ImpairmentConfig(
                loss,
                burst,
                delayNanos,
                jitterNanos,
                duplicate,
                probability,
                by.toNanos(),
                corrupt,
                rateBitsPerSecond,
                limitBytes,
                seed);
    }

    /** Flips a bit in some frames. */
    public ImpairmentConfig corrupt(double probability) {
        return new ImpairmentConfig(
                loss,
                burst,
                delayNanos,
                jitterNanos,
                duplicate,
                reorder,
                reorderNanos,
                probability,
                rateBitsPerSecond,
                limitBytes,
                seed);
    }

    /** Limits the rate; what waits is dropped above {@code limitBytes}. */
    public ImpairmentConfig rate(long bitsPerSecond, long limit) {
        return new ImpairmentConfig(
                loss,
                burst,
                delayNanos,
                jitterNanos,
                duplicate,
                reorder,
                reorderNanos,
                corrupt,
                bitsPerSecond,
                limit,
                seed);
    }

    /** Sets the seed; the same frames at the same times then meet the same fate. */
    public ImpairmentConfig seed(long value) {
        return new ImpairmentConfig(
                loss,
                burst,
                delayNanos,
                jitterNanos,
                duplicate,
                reorder,
                reorderNanos,
                corrupt,
                rateBitsPerSecond,
                limitBytes,
                value);
    }

    /** What is bad about it, as options: {@code ,loss=0.01,delay=20000us}. Empty for a perfect line. */
    String toText() {
        StringBuilder text = new StringBuilder();
        append(text, "loss", loss, "");
        append(text, "burst", burst == 1 ? 0 : burst, "");
        append(text, "delay", delayNanos / NANOS_A_MICRO, "us");
        append(text, "jitter", jitterNanos / NANOS_A_MICRO, "us");
        append(text, "duplicate", duplicate, "");
        append(text, "reorder", reorder, "");
        append(text, "corrupt", corrupt, "");
        append(text, "rate", (double) rateBitsPerSecond, "");
        return text.toString();
    }

    private static void append(StringBuilder text, String name, double value, String unit) {
        if (value != 0) {
            String number = BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
            text.append(',').append(name).append('=').append(number).append(unit);
        }
    }

    private static void checkProbability(String name, double value) {
        check(value >= 0 && value <= 1, name, "a probability from 0 to 1");
    }

    private static void check(boolean good, String name, String expected) {
        if (!good) {
            throw new NetdevException("Parameter '" + name + "' expects " + expected);
        }
    }
}
