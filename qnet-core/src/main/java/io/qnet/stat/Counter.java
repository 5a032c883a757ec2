package io.qnet.stat;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One monotonic count with a name. Written by one thread only (the loop's), read by any thread without locking: a reader sees a value that was true a moment ago, never a torn one.
 */
public final class Counter {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;

    @SuppressWarnings("unused") // through VALUE
    private long value;

    Counter(String name) {
        this.name = name;
    }

    /** The name, in lower case with dots and dashes, such as {@code drop.queue-full}. */
    public String name() {
        return name;
    }

    /** Adds one. Loop thread only. */
    public void increment() {
        add(1);
    }

    /** Adds {@code n}. Loop thread only. */
    public void add(long n) {
        VALUE.setOpaque(this, (long) VALUE.getOpaque(this) + n);
    }

    /** The count so far. Any thread. */
    public long get() {
        return (long) VALUE.getOpaque(this);
    }

    @Override
    public String toString() {
        return name + "=" + get();
    }
}
