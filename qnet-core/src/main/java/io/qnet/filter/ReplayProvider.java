package io.qnet.filter;

import io.qnet.FilterContext;
import io.qnet.FilterProvider;
import io.qnet.Frame;
import io.qnet.FrameFilter;
import io.qnet.option.FilterSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;

/** QEMU's {@code filter-replay}, for command lines that have it: nothing is recorded or replayed here, so everything passes, as it does there then. */
public final class ReplayProvider implements FilterProvider {
    @Override
    public String type() {
        return "filter-replay";
    }

    @Override
    public OptionSchema schema() {
        return FilterSchemas.REPLAY;
    }

    @Override
    public FrameFilter create(FilterContext context, OptionValues options) {
        return new FrameFilter() {
            @Override
            public String type() {
                return "filter-replay";
            }

            @Override
            public boolean filter(Frame frame, Direction direction, Passage onward) {
                return true;
            }
        };
    }
}
