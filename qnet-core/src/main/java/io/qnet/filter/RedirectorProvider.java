package io.qnet.filter;

import io.qnet.FilterContext;
import io.qnet.FilterProvider;
import io.qnet.FrameFilter;
import io.qnet.NetdevException;
import io.qnet.chardev.Chardev;
import io.qnet.option.FilterSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import org.jspecify.annotations.Nullable;

/** QEMU's {@code filter-redirector}. */
public final class RedirectorProvider implements FilterProvider {
    @Override
    public String type() {
        return "filter-redirector";
    }

    @Override
    public OptionSchema schema() {
        return FilterSchemas.REDIRECTOR;
    }

    @Override
    public FrameFilter create(FilterContext context, OptionValues options) {
        String indev = options.string("indev");
        String outdev = options.string("outdev");
        if (indev == null && outdev == null) {
            throw new NetdevException("filter redirector needs 'indev' or 'outdev' at least one property set");
        }
        if (indev != null && indev.equals(outdev)) {
            throw new NetdevException("'indev' and 'outdev' could not be same for filter redirector");
        }
        Chardev in = find(context, indev, "IN Device '");
        Chardev out = find(context, outdev, "OUT Device '");
        return new Redirector(type(), context.loop(), in, out, options.bool("vnet_hdr_support", false));
    }

    private static @Nullable Chardev find(FilterContext context, @Nullable String name, String refusal) {
        Chardev found = name == null ? null : context.chardev(name);
        if (name != null && found == null) {
            throw new NetdevException(refusal + name + "' not found");
        }
        return found;
    }
}
