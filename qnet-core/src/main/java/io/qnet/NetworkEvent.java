package io.qnet;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something that happened in a network.
 *
 * @param name QEMU's name of the event, such as {@code NETDEV_STREAM_CONNECTED}
 * @param endpoint the id of the endpoint that it is about
 * @param data further values by QMP name
 */
public record NetworkEvent(String name, String endpoint, Map<String, Object> data) {
    /** Copies the map; its order stays. */
    public NetworkEvent {
        data = Collections.unmodifiableMap(new LinkedHashMap<>(data));
    }
}
