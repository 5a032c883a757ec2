package io.qnet.filter;

import io.qnet.FilterContext;
import io.qnet.FilterProvider;
import io.qnet.FrameFilter;
import io.qnet.option.FilterSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.time.Duration;

/** qnet's {@code filter-netem}: {@link Impairment} as an object. All that makes the line bad can be changed while it is at work; the seed cannot. */
public final class NetemProvider implements FilterProvider {
    @Override
    public String type() {
        return "filter-netem";
    }

    @Override
    public OptionSchema schema() {
        return FilterSchemas.NETEM;
    }

    @Override
    public FrameFilter create(FilterContext context, OptionValues options) {
        return new Impairment(context.loop(), config(options));
    }

    @Override
    public void change(FrameFilter filter, String name, OptionValues options) {
        if (filter instanceof Impairment impairment && isOwn(name) && !name.equals("seed")) {
            impairment.configure(config(options));
        } else {
            FilterProvider.super.change(filter, name, options);
        }
    }

    private static boolean isOwn(String name) {
        return FilterSchemas.REPLAY.option(name) == null;
    }

    private static ImpairmentConfig config(OptionValues options) {
        ImpairmentConfig none = ImpairmentConfig.NONE;
        return none.loss(options.fraction("loss", 0), (double) options.integer("burst", 1))
                .delay(Duration.ofNanos(options.nanos("delay", 0)), Duration.ofNanos(options.nanos("jitter", 0)))
                .duplicate(options.fraction("duplicate", 0))
                .reorder(options.fraction("reorder", 0), Duration.ofNanos(none.reorderNanos()))
                .corrupt(options.fraction("corrupt", 0))
                .rate(options.bitsPerSecond("rate", 0), options.size("limit", none.limitBytes()))
                .seed(options.integer("seed", 0));
    }
}
