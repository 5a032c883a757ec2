package io.qnet.cli.monitor;

import java.util.function.Consumer;

/**
 * Cuts what a QMP client sends into JSON values as QEMU does (qobject/json-lexer.c, json-streamer.c): a value ends when braces and brackets balance, whatever the line ends; a character that can begin or
 * continue no token is told at once, and what follows is skipped up to the next one that may begin something. A value is at most {@value #MAX_CHARS} characters long.
 *
 * <p>What the values are made of is for a parser to say. Not thread-safe.
 */
final class QmpInput {
    /** The longest value. */
    static final int MAX_CHARS = 1 << 20;

    private static final int MAX_DEPTH = 1024;
    private static final char NONE = 0;
    /** What bytes that are no UTF-8 are decoded as. */
    private static final char MALFORMED = 0xfffd;

    private enum State {
        START,
        STRING,
        STRING_ESCAPE,
        WORD,
        MINUS,
        ZERO,
        DIGITS,
        POINT,
        FRACTION,
        EXPONENT,
        EXPONENT_SIGN,
        EXPONENT_DIGITS,
        RECOVERY
    }

    private final Consumer<String> onValue;
    private final Consumer<String> onFault;
    private final StringBuilder text = new StringBuilder();
    private State state = State.START;
    private char quote = NONE;
    private int tokenStart;
    private int braces;
    private int brackets;

    /**
     * @param onValue takes the text of each value
     * @param onFault takes QEMU's text for each place where there is none
     */
    QmpInput(Consumer<String> onValue, Consumer<String> onFault) {
        this.onValue = onValue;
        this.onFault = onFault;
    }

    /** Takes the next character. */
    void input(char c) {
        if (state != State.RECOVERY && text.length() == MAX_CHARS) {
            fault("JSON token size limit exceeded");
        }
        switch (state) {
            case START -> start(c);
            case STRING, STRING_ESCAPE -> string(c);
            case WORD -> {
                if (c >= 'a' && c <= 'z') {
                    text.append(c);
                } else {
                    endToken(c);
                }
            }
            case RECOVERY -> {
                if (c < ' ' || c == MALFORMED || " []{}:,".indexOf(c) >= 0) {
                    state = State.START;
                    start(c);
                }
            }
            default -> number(c);
        }
    }

    private void start(char c) {
        tokenStart = text.length();
        switch (c) {
            case ' ', '\t', '\r', '\n' -> {
                if (tokenStart > 0) {
                    text.append(c);
                }
            }
            case '{', '}', '[', ']', ',', ':' -> {
                text.append(c);
                braces += c == '{' ? 1 : c == '}' ? -1 : 0;
                brackets += c == '[' ? 1 : c == ']' ? -1 : 0;
                tokenEnded();
            }
            case '"', '\'' -> begin(c, State.STRING);
            case '-' -> begin(c, State.MINUS);
            case '0' -> begin(c, State.ZERO);
            default -> {
                if (c >= '1' && c <= '9') {
                    begin(c, State.DIGITS);
                } else if (c >= 'a' && c <= 'z') {
                    begin(c, State.WORD);
                } else {
                    stray(c);
                }
            }
        }
    }

    private void begin(char c, State next) {
        quote = c;
        text.append(c);
        state = next;
    }

    private void string(char c) {
        if (c < ' ') {
            stray(c);
            return;
        }
        text.append(c);
        if (state == State.STRING_ESCAPE) {
            state = State.STRING;
        } else if (c == '\\') {
            state = State.STRING_ESCAPE;
        } else if (c == quote) {
            state = State.START;
            tokenEnded();
        }
    }

    private void number(char c) {
        boolean digit = c >= '0' && c <= '9';
        State next = switch (state) {
            case MINUS -> digit ? c == '0' ? State.ZERO : State.DIGITS : null;
            case ZERO, DIGITS ->
                digit
                        ? state == State.ZERO ? null : State.DIGITS
                        : c == '.' ? State.POINT : isExponent(c) ? State.EXPONENT : State.START;
            case POINT -> digit ? State.FRACTION : null;
            case FRACTION -> digit ? State.FRACTION : isExponent(c) ? State.EXPONENT : State.START;
            case EXPONENT -> digit ? State.EXPONENT_DIGITS : c == '+' || c == '-' ? State.EXPONENT_SIGN : null;
            case EXPONENT_SIGN -> digit ? State.EXPONENT_DIGITS : null;
            default -> digit ? State.EXPONENT_DIGITS : State.START;
        };
        if (next == null) {
            stray(c);
        } else if (next == State.START) {
            endToken(c);
        } else {
            state = next;
            text.append(c);
        }
    }

    private static boolean isExponent(char c) {
        return c == 'e' || c == 'E';
    }

    /** A word or number ends before a character that belongs to the next token. */
    private void endToken(char next) {
        state = State.START;
        tokenEnded();
        start(next);
    }

    private void tokenEnded() {
        boolean open = (braces > 0 || brackets > 0) && braces >= 0 && brackets >= 0;
        if (open && braces + brackets > MAX_DEPTH) {
            fault("JSON nesting depth limit exceeded");
        } else if (!open) {
            String value = text.toString();
            clear();
            onValue.accept(value);
        }
    }

    private void stray(char c) {
        fault("JSON parse error, stray '" + text.substring(tokenStart) + (c == NONE ? "" : c) + "'");
    }

    private void fault(String message) {
        clear();
        state = State.RECOVERY;
        onFault.accept(message);
    }

    private void clear() {
        text.setLength(0);
        braces = 0;
        brackets = 0;
    }
}
