package io.qnet.filter;

import io.qnet.FilterContext;
import io.qnet.FilterProvider;
import io.qnet.FrameFilter;
import io.qnet.NetdevException;
import io.qnet.option.FilterSchemas;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** QEMU's {@code filter-dump}. */
public final class DumpProvider implements FilterProvider {
    @Override
    public String type() {
        return "filter-dump";
    }

    @Override
    public OptionSchema schema() {
        return FilterSchemas.DUMP;
    }

    @Override
    public FrameFilter create(FilterContext context, OptionValues options) {
        String file = options.required("file");
        long asked = options.integer("maxlen", PcapDump.DEFAULT_SNAP_LENGTH);
        int snapLength = (int) Math.min(asked, Integer.MAX_VALUE);
        try {
            return PcapDump.open(context.loop(), Path.of(file), snapLength, Long.MAX_VALUE, System.currentTimeMillis());
        } catch (IOException | InvalidPathException e) {
            throw new NetdevException("net dump: can't open " + file + ": " + reason(e), e);
        }
    }

    /** As strerror says it, where the JDK has an exception of its own. */
    private static String reason(Exception e) {
        if (e instanceof NoSuchFileException) {
            return "No such file or directory";
        }
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        String reason = e instanceof FileSystemException file ? file.getReason() : null;
        return reason == null ? String.valueOf(e.getMessage()) : reason;
    }
}
