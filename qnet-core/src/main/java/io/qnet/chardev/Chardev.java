package io.qnet.chardev;

import io.netty.buffer.ByteBuf;
import io.qnet.option.OptionException;
import io.qnet.stat.Counters;
import org.jspecify.annotations.Nullable;

/** A character device. One user at a time. Loop thread. */
public abstract class Chardev {
    /** Takes what a device gives. */
    @FunctionalInterface
    public interface Input {
        /** Bytes have come; they are borrowed for the call. No bytes: the connection has ended, and what was begun is void. */
        void onBytes(ByteBuf bytes);
    }

    private final String id;
    private final Counters counters = new Counters();
    private @Nullable Object user;
    private @Nullable Input input;

    Chardev(String id) {
        this.id = id;
    }

    /** Its name. */
    public final String id() {
        return id;
    }

    /** What was written, read and dropped. */
    public final Counters counters() {
        return counters;
    }

    /**
     * Takes the device into use.
     *
     * @param newUser who uses it
     * @param newInput takes what it gives, or null
     * @throws OptionException {@code Device 'ID' is in use}
     */
    public final void attach(Object newUser, @Nullable Input newInput) {
        if (user != null) {
            throw new OptionException("Device '" + id + "' is in use");
        }
        user = newUser;
        input = newInput;
        onAttached(newInput != null);
    }

    /** Lets the device go, if it is in use by this user. */
    public final void detach(Object oldUser) {
        if (user == oldUser) {
            user = null;
            input = null;
            onAttached(false);
        }
    }

    /** Whether there is somebody at the other end. */
    public abstract boolean isConnected();

    /**
     * Writes bytes, all or none; they are copied.
     *
     * @return false, counted as {@code drop.not-connected} or {@code drop.full}, if they were not taken
     */
    public abstract boolean write(ByteBuf bytes);

    abstract void open();

    abstract void close();

    /** Whether somebody reads now. */
    abstract void onAttached(boolean reads);

    final void give(ByteBuf bytes) {
        Input reader = input;
        if (reader != null) {
            reader.onBytes(bytes);
        }
    }
}
