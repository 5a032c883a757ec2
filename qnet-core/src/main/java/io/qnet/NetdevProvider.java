package io.qnet;

import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;

/** Makes the netdevs of one QEMU type from parsed options. Found by {@link java.util.ServiceLoader}; a module brings one provider a type. */
public interface NetdevProvider {
    /** QEMU's name of the type, such as {@code user}. */
    String type();

    /** The options of this type. */
    OptionSchema schema();

    /**
     * Turns checked options into a configuration.
     *
     * @throws io.qnet.option.OptionException with QEMU's text if values do not go together
     */
    EndpointConfig<? extends Netdev> configure(String id, OptionValues options);
}
