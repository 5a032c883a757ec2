package io.qnet.filter;

import io.qnet.FilterContext;
import io.qnet.FilterProvider;
import io.qnet.FrameFilter;
import io.qnet.NetdevException;
import io.qnet.chardev.Chardev;
import io.qnet.option.FilterSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;

/** QEMU's {@code filter-mirror}. */
public final class MirrorProvider implements FilterProvider {
    @Override
    public String type() {
        return "filter-mirror";
    }

    @Override
    public OptionSchema schema() {
        return FilterSchemas.MIRROR;
    }

    @Override
    public FrameFilter create(FilterContext context, OptionValues options) {
        String outdev = options.required("outdev");
        Chardev out = context.chardev(outdev);
        if (out == null) {
            throw new NetdevException("Device '" + outdev + "' not found");
        }
        return new Redirector(type(), context.loop(), null, out, options.bool("vnet_hdr_support", false));
    }
}
