package io.qnet;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What QEMU called a VLAN: repeats every frame to all its ports but the one that it came from, newest port first. It learns nothing and looks into nothing.
 *
 * <p>If at least one member takes a frame, those that cannot take it now get it through the queue in front of them, bounded, so a slow member harms nobody and sees frames in their order. If none can,
 * the sender waits, and is woken when any member can. A member that is alone has its frames dropped and counted: it never waits. (After QEMU's {@code net/hub.c}, whose reordering under back-pressure and
 * whose dead ports after a late join are not copied.)
 *
 * <p>Made by {@link Network#hub}. {@link #add}, {@link #id} and {@link #network} may be called by any thread; frames pass on the loop.
 */
public sealed class Hub permits Switch {
    private static final HubPort[] NONE = {};

    private final Network network;
    private final int id;
    private final ArrayDeque<HubPort> waiting = new ArrayDeque<>();
    /** Newest first; replaced, never changed, so that a frame under way may see a member come or go. */
    private HubPort[] ports = NONE;

    private int nextPort;

    Hub(Network network, int id) {
        this.network = network;
        this.id = id;
    }

    /** The number of this hub (QEMU's {@code hubid}, once {@code vlan}). */
    public int id() {
        return id;
    }

    /** The network that this hub is part of. */
    public Network network() {
        return network;
    }

    /**
     * Adds an endpoint and joins it to a new port of this hub. Any thread.
     *
     * @throws NetdevException if it cannot be opened; nothing is left behind then
     */
    public <E extends Endpoint> E add(EndpointConfig<E> config) {
        return network.addTo(this, config);
    }

    /** The ports, newest first. Loop thread. */
    public List<HubPort> ports() {
        return List.of(ports);
    }

    /** The name of the next port that is made without one; a number is not used twice. */
    String nextPortName() {
        return "hub" + id + "port" + nextPort;
    }

    void insert(HubPort port) {
        HubPort[] more = new HubPort[ports.length + 1];
        more[0] = port;
        System.arraycopy(ports, 0, more, 1, ports.length);
        ports = more;
        nextPort++;
        port.join(this);
    }

    void remove(HubPort port) {
        ports = Arrays.stream(ports).filter(each -> each != port).toArray(HubPort[]::new);
        waiting.remove(port);
        wakeWaiting();
    }

    boolean repeat(Frame frame, HubPort from) {
        HubPort[] all = ports;
        int open = 0;
        boolean taken = false;
        for (int i = 0; i < all.length; i++) {
            HubPort to = all[i];
            if (to == from || !to.isOpen() || !passes(from, to)) {
                continue;
            }
            open++;
            if (taken) {
                to.port().sendOrQueue(frame);
            } else if (to.port().send(frame)) {
                taken = true;
                queueBefore(all, i, frame, from);
            }
        }
        if (open == 0) {
            from.countAlone();
        } else if (!taken && !waiting.contains(from)) {
            waiting.add(from);
        }
        return taken || open == 0;
    }

    /** Gives a frame to those that had refused it before another took it. */
    private void queueBefore(HubPort[] all, int end, Frame frame, HubPort from) {
        for (int i = 0; i < end; i++) {
            if (all[i] != from && all[i].isOpen() && passes(from, all[i])) {
                all[i].port().sendOrQueue(frame);
            }
        }
    }

    /** Whether what comes from one port may leave by another. */
    boolean passes(HubPort from, HubPort to) {
        return true;
    }

    /** The link of a port, or what is joined to it, has changed. */
    void linkChanged(HubPort port) {
        wakeWaiting();
    }

    final int portCount() {
        return ports.length;
    }

    /** Whether there are two ports alone. */
    final boolean isPair() {
        return ports.length == 2;
    }

    /** A member can take frames again, or came, or left: all that wait may try, in order; who was first this time is last the next. */
    void wakeWaiting() {
        int count = waiting.size();
        for (int i = 0; i < count && !waiting.isEmpty(); i++) {
            waiting.remove().port().wake();
        }
        if (count > 1 && waiting.size() > 1) {
            waiting.add(waiting.remove());
        }
    }

    int takesBut(@Nullable HubPort asking) {
        int takes = Offload.TAKES_NOTHING;
        for (HubPort each : ports) {
            if (each != asking) {
                takes |= each.port().peerTakes();
            }
        }
        return takes;
    }

    int maxGsoBytesBut(@Nullable HubPort asking) {
        int least = Port.MAX_GSO_BYTES;
        for (HubPort each : ports) {
            if (each != asking) {
                least = Math.min(least, each.port().peerMaxGsoBytes());
            }
        }
        return least;
    }
}
