package io.qnet.chardev;

import io.qnet.loop.Loop;
import io.qnet.option.ChardevSpec;
import io.qnet.option.OptionException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The character devices of one network, by name. Loop thread. */
public final class Chardevs {
    private final Loop loop;
    private final BiConsumer<String, String> warn;
    private final Map<String, Chardev> byId = new LinkedHashMap<>();

    /**
     * @param warn takes a device's name and what a person should know of it
     */
    public Chardevs(Loop loop, BiConsumer<String, String> warn) {
        this.loop = loop;
        this.warn = warn;
    }

    /**
     * Opens a device.
     *
     * @throws OptionException in QEMU's words
     */
    public void add(ChardevSpec spec) {
        if (byId.containsKey(spec.id())) {
            throw new OptionException("Duplicate ID '" + spec.id() + "' for chardev");
        }
        Chardev made = make(spec);
        made.open();
        byId.put(spec.id(), made);
    }

    /** The device with this name, or null. */
    public @Nullable Chardev find(String id) {
        return byId.get(id);
    }

    /** Closes all. */
    public void close() {
        byId.values().forEach(Chardev::close);
        byId.clear();
    }

    private Chardev make(ChardevSpec spec) {
        if (spec instanceof ChardevSpec.Socket socket) {
            return new SocketChardev(loop, socket, message -> warn.accept(spec.id(), message));
        }
        if (spec instanceof ChardevSpec.File file) {
            return new FileChardev(spec.id(), loop, file.path(), file.append());
        }
        if (spec instanceof ChardevSpec.Null) {
            return new NullChardev(spec.id());
        }
        throw new OptionException("a chardev of this kind can be used by a monitor alone");
    }
}
