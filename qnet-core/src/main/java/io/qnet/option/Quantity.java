package io.qnet.option;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Numbers with a unit. Each method answers null for a text that is none. */
final class Quantity {
    private static final Pattern DECIMAL_SIZE = Pattern.compile("[ \\t-\\r]*\\+?([0-9]+)(\\.[0-9]*)?([bkmgtpe]?)");
    private static final Pattern HEX_SIZE = Pattern.compile("[ \\t-\\r]*\\+?0x([0-9a-f]+)([bkmgtpe]?)");
    private static final Pattern FRACTION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)(%?)");
    private static final Pattern DURATION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|ms|s|)");
    private static final Pattern RATE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)([kmg]?)(?:bit)?");
    private static final String BINARY_UNITS = "bkmgtpe";
    private static final BigDecimal MAX_LONG = BigDecimal.valueOf(Long.MAX_VALUE);

    private Quantity() {}

    /**
     * A size as QEMU reads it (util/cutils.c, do_strtosz): decimal with an optional fraction, or hexadecimal; suffixes are powers of 1024;
     * a fraction other than zero needs one. The answer is the bits of an unsigned number.
     */
    static @Nullable Long size(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        Matcher hex = HEX_SIZE.matcher(lower);
        if (hex.matches()) {
            return unsigned(new BigInteger(hex.group(1), 16).multiply(multiplier(hex.group(2))));
        }
        Matcher decimal = DECIMAL_SIZE.matcher(lower);
        if (!decimal.matches()) {
            return null;
        }
        String dotted = decimal.group(2) == null || decimal.group(2).equals(".") ? "" : decimal.group(2);
        BigDecimal number = new BigDecimal(decimal.group(1) + dotted);
        BigInteger multiplier = multiplier(decimal.group(3));
        if (multiplier.equals(BigInteger.ONE) && number.stripTrailingZeros().scale() > 0) {
            return null;
        }
        BigDecimal product = number.multiply(new BigDecimal(multiplier));
        return unsigned(product.setScale(0, RoundingMode.HALF_UP).toBigIntegerExact());
    }

    /** Whether QEMU accepts the size but warns: a suffix on a hexadecimal number. */
    static boolean isSuffixedHex(String text) {
        Matcher hex = HEX_SIZE.matcher(text.toLowerCase(Locale.ROOT));
        return hex.matches() && !hex.group(2).isEmpty();
    }

    private static BigInteger multiplier(String suffix) {
        int power = suffix.isEmpty() ? 0 : BINARY_UNITS.indexOf(suffix);
        return BigInteger.ONE.shiftLeft(10 * power);
    }

    private static @Nullable Long unsigned(BigInteger value) {
        return value.bitLength() > 64 ? null : value.longValue();
    }

    static @Nullable Double fraction(String text) {
        Matcher matcher = FRACTION.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        double value = Double.parseDouble(matcher.group(1)) / (matcher.group(2).isEmpty() ? 1 : 100);
        return value <= 1 ? value : null;
    }

    static @Nullable Long nanos(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        long unit = switch (matcher.group(2)) {
            case "ns" -> 1;
            case "us" -> 1_000;
            case "s" -> 1_000_000_000;
            default -> 1_000_000;
        };
        return scaled(matcher.group(1), unit);
    }

    static @Nullable Long bitsPerSecond(String text) {
        Matcher matcher = RATE.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return null;
        }
        long unit = switch (matcher.group(2)) {
            case "k" -> 1_000;
            case "m" -> 1_000_000;
            case "g" -> 1_000_000_000;
            default -> 1;
        };
        return scaled(matcher.group(1), unit);
    }

    private static @Nullable Long scaled(String number, long unit) {
        BigDecimal value =
                new BigDecimal(number).multiply(BigDecimal.valueOf(unit)).setScale(0, RoundingMode.HALF_UP);
        return value.compareTo(MAX_LONG) > 0 ? null : value.longValueExact();
    }
}
