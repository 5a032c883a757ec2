package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** QEMU's {@code -netdev vde} (net/vde.c). */
public final class VdeProvider implements NetdevProvider {
    private static final Path SYSTEM_SWITCH = Path.of("/var/run/vde.ctl");
    private static final Path TEMPORARY_SWITCH = Path.of("/tmp/vde.ctl");

    /** For {@link java.util.ServiceLoader}. */
    public VdeProvider() {}

    @Override
    public String type() {
        return "vde";
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.VDE;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        return new VdeConfig(
                id,
                folder(options.string("sock")),
                options.int32("port", 0),
                options.string("group"),
                options.int32("mode", VdeConfig.DEFAULT_MODE));
    }

    private static Path folder(@Nullable String text) {
        if (text != null) {
            return Path.of(text);
        }
        return Files.exists(SYSTEM_SWITCH) ? SYSTEM_SWITCH : TEMPORARY_SWITCH;
    }
}
