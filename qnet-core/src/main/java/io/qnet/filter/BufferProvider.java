package io.qnet.filter;

import io.qnet.FilterContext;
import io.qnet.FilterProvider;
import io.qnet.FrameFilter;
import io.qnet.option.FilterSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;

/** QEMU's {@code filter-buffer}. */
public final class BufferProvider implements FilterProvider {
    @Override
    public String type() {
        return "filter-buffer";
    }

    @Override
    public OptionSchema schema() {
        return FilterSchemas.BUFFER;
    }

    @Override
    public FrameFilter create(FilterContext context, OptionValues options) {
        return new FrameBuffer(context.loop(), options.integer("interval", 1));
    }

    @Override
    public void change(FrameFilter filter, String name, OptionValues options) {
        if (name.equals("interval") && filter instanceof FrameBuffer buffer) {
            buffer.interval(options.integer("interval", 1));
        } else {
            FilterProvider.super.change(filter, name, options);
        }
    }
}
