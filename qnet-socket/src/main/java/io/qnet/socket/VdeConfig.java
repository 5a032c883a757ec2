package io.qnet.socket;

import io.qnet.EndpointConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to make a {@link VdeNetdev}. Immutable.
 *
 * @param id the name of the netdev
 * @param folder the switch's folder, in which its control socket is
 * @param port the port of the switch, or 0 for any
 * @param group the group that the data socket is given to, or null
 * @param mode the rights of the data socket's file, such as 0700
 */
public record VdeConfig(
        String id, Path folder, int port, @Nullable String group, int mode) implements EndpointConfig<VdeNetdev> {
    /** Rights for the owner alone. */
    public static final int DEFAULT_MODE = 0700;

    /** Any port, with a data socket for the owner alone. */
    public VdeConfig(String id, Path folder) {
        this(id, folder, 0, null, DEFAULT_MODE);
    }

    @Override
    public VdeNetdev create() {
        return new VdeNetdev(this);
    }
}
