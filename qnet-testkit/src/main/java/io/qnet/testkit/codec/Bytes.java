package io.qnet.testkit.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Big-endian numbers in a byte array. */
public final class Bytes {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {}

    /** The unsigned byte at {@code at}. */
    public static int u8(byte[] data, int at) {
        return data[at] & 0xff;
    }

    /** The unsigned 16-bit number at {@code at}. */
    public static int u16(byte[] data, int at) {
        return (short) SHORT.get(data, at) & 0xffff;
    }

    /** The 32 bits at {@code at}. */
    public static int i32(byte[] data, int at) {
        return (int) INT.get(data, at);
    }

    /** The unsigned 32-bit number at {@code at}. */
    public static long u32(byte[] data, int at) {
        return i32(data, at) & 0xffff_ffffL;
    }

    /** The 64 bits at {@code at}. */
    public static long i64(byte[] data, int at) {
        return (long) LONG.get(data, at);
    }

    /** The unsigned 48-bit number at {@code at}: a MAC address. */
    public static long u48(byte[] data, int at) {
        return ((long) u16(data, at) << 32) | u32(data, at + 2);
    }

    /** Stores the low 8 bits. */
    public static void put8(byte[] data, int at, int value) {
        data[at] = (byte) value;
    }

    /** Stores the low 16 bits. */
    public static void put16(byte[] data, int at, int value) {
        SHORT.set(data, at, (short) value);
    }

    /** Stores 32 bits. */
    public static void put32(byte[] data, int at, int value) {
        INT.set(data, at, value);
    }

    /** Stores 64 bits. */
    public static void put64(byte[] data, int at, long value) {
        LONG.set(data, at, value);
    }

    /** Stores the low 48 bits: a MAC address. */
    public static void put48(byte[] data, int at, long value) {
        put16(data, at, (int) (value >>> 32));
        put32(data, at + 2, (int) value);
    }
}
