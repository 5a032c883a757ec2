package io.qnet.stat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The counters of one thing (a port, a netdev, an engine), by name. Counters are created once, when their owner is made, and kept in fields; the map is for listing and for tests. Creating and
 * listing may be done by any thread; who increments is said by {@link Counter}.
 */
public final class Counters {
    private final ConcurrentMap<String, Counter> byName = new ConcurrentHashMap<>();

    /** The counter with this name, made at the first call. */
    public Counter counter(String name) {
        return byName.computeIfAbsent(name, Counter::new);
    }

    /** The value of a counter, 0 if there is none with that name. */
    public long value(String name) {
        Counter counter = byName.get(name);
        return counter == null ? 0 : counter.get();
    }

    /** All values, sorted by name. */
    public Map<String, Long> snapshot() {
        Map<String, Long> values = new LinkedHashMap<>();
        byName.keySet().stream().sorted().forEach(name -> values.put(name, value(name)));
        return values;
    }

    @Override
    public String toString() {
        return snapshot().toString();
    }
}
