package io.qnet.option;

/** What the value of an option is. */
public enum OptionKind {
    /** Any text. */
    STRING,
    /** {@code on yes true y} or {@code off no false n}; a boolean in JSON. */
    BOOL,
    /** A whole number in decimal, {@code 0x} or octal, within the option's range. */
    INT,
    /** Bytes, with a suffix {@code b k M G T P E} (powers of 1024) and, with one, a fraction; a whole number in JSON. */
    SIZE,
    /** Texts; the option may be given several times, in JSON as {@code [{"str": "..."}]}. */
    LIST,
    /** One of a set of words. */
    ENUM,
    /** An object whose member {@code type} chooses its other members, such as QEMU's SocketAddress: {@code addr.type=inet,addr.host=...}. */
    UNION,
    /** A probability: {@code 0.01} or {@code 1%}; qnet's own. */
    FRACTION,
    /** A time: {@code 20ms}, {@code 1.5s}, {@code 300us}, {@code 5ns}; without a unit, milliseconds; qnet's own. */
    DURATION,
    /** Bits a second, with a suffix {@code k M G} (powers of 1000), then {@code bit} if wished; qnet's own. */
    RATE
}
