package io.qnet;

import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;

/** Makes the filters of one QEMU type ({@code -object filter-…}) from parsed options. Found by {@link java.util.ServiceLoader}. Loop thread. */
public interface FilterProvider {
    /** QEMU's name of the type, such as {@code filter-dump}. */
    String type();

    /** The options of this type, those that all filters take included. */
    OptionSchema schema();

    /**
     * Makes a filter, which is then put on its netdev.
     *
     * @throws io.qnet.option.OptionException with QEMU's text if values do not go together
     * @throws NetdevException if something that it needs cannot be opened; nothing is left behind
     */
    FrameFilter create(FilterContext context, OptionValues options);

    /**
     * Changes a filter that is at work (QEMU's {@code qom-set}).
     *
     * @param filter what {@link #create} made
     * @param options the options as they are to be, of which {@code name} differs from before
     * @throws NetdevException if this option cannot be changed, which then nothing has
     */
    default void change(FrameFilter filter, String name, OptionValues options) {
        throw new NetdevException("Property '" + type() + "." + name + "' is not writable");
    }
}
