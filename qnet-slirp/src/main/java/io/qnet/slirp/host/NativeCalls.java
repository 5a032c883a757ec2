package io.qnet.slirp.host;

import io.qnet.loop.Loop;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link LibC}, loaded off the loop at first need. Loop thread only. */
final class NativeCalls {
    private static final System.Logger LOG = System.getLogger(NativeCalls.class.getName());

    private final Loop loop;
    private final List<Runnable> waiting = new ArrayList<>();
    private @Nullable LibC loaded;
    private boolean loading;
    private boolean failed;

    NativeCalls(Loop loop) {
        this.loop = loop;
    }

    /** The calls, or null while they are not loaded, or if they cannot be. */
    @Nullable LibC get() {
        return loaded;
    }

    /** Whether it was found that there is no native access. */
    boolean isMissing() {
        return failed;
    }

    /** Begins to load; {@code then} runs on the loop when that has worked or failed. */
    void load(Runnable then) {
        waiting.add(then);
        if (!loading) {
            loading = true;
            loop.runBlocking(NativeCalls::loadOrFail, this::onLoaded);
        }
    }

    private static LibC loadOrFail() throws Exception {
        try {
            return LibC.load();
        } catch (LinkageError e) {
            throw new UnsupportedOperationException("no native access", e);
        }
    }

    private void onLoaded(@Nullable LibC calls, @Nullable Throwable failure) {
        loaded = calls;
        failed = calls == null;
        if (failed) {
            LOG.log(System.Logger.Level.WARNING, "no echo to the host's network, no ICMP errors from it: " + failure);
        }
        List<Runnable> told = List.copyOf(waiting);
        waiting.clear();
        for (Runnable then : told) {
            then.run();
        }
    }
}
