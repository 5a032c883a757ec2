package io.qnet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A netdev that a test plays: sends numbered frames, keeps the numbers of those it took, and refuses when told to. */
final class Probe extends Netdev implements Port.Device {
    final List<Integer> received = new ArrayList<>();
    final List<String> log;
    boolean ready = true;
    int refusals;
    int sendables;
    int takes = Offload.TAKES_NOTHING;
    int links;
    boolean closed;
    int takeAtMost = Integer.MAX_VALUE;

    @Nullable IntConsumer onReceive;

    @Nullable Runnable onSendable;

    @Nullable Runnable onRefuse;

    private int depth;

    private Probe(String id, List<String> log) {
        super(id);
        this.log = log;
    }

    static Config config(String id) {
        return new Config(id, new ArrayList<>());
    }

    /** Sends frame {@code number}; the answer is the port's. */
    boolean send(int number) {
        return port().send(frame(number));
    }

    void sendOrQueue(int number) {
        port().sendOrQueue(frame(number));
    }

    /** Ready again for {@code count} frames, then not. */
    void readyFor(int count) {
        takeAtMost = count;
        ready = true;
        port().wake();
    }

    void readyAgain() {
        readyFor(Integer.MAX_VALUE);
    }

    void notReady() {
        ready = false;
    }

    long count(String counter) {
        return port().counters().value(counter);
    }

    static Frame frame(int number) {
        ByteBuf bytes =
                Unpooled.buffer(18).writeLong(0).writeInt(0).writeShort(0x88b5).writeInt(number);
        return new Frame().head(bytes, 0, 18);
    }

    @Override
    public boolean receive(Frame frame) {
        assertNotReentered();
        depth++;
        try {
            if (!ready || takeAtMost == 0) {
                refusals++;
                if (onRefuse != null) {
                    onRefuse.run();
                }
                return false;
            }
            takeAtMost--;
            int number = frame.head().getInt(frame.headIndex() + 14);
            received.add(number);
            log.add(id() + "<" + number);
            if (onReceive != null) {
                onReceive.accept(number);
            }
            return true;
        } finally {
            depth--;
        }
    }

    private void assertNotReentered() {
        if (depth > 0) {
            throw new AssertionError(id() + " was re-entered");
        }
    }

    @Override
    public int takes() {
        return takes;
    }

    @Override
    public void onSendable() {
        sendables++;
        if (onSendable != null) {
            onSendable.run();
        }
    }

    @Override
    public void onLink(boolean up) {
        links++;
    }

    @Override
    public String type() {
        return "user";
    }

    @Override
    public String info() {
        return "probe";
    }

    @Override
    protected void open() {}

    @Override
    protected void close() {
        closed = true;
    }

    @Override
    protected Port.Device device() {
        return this;
    }

    record Config(String id, List<String> log) implements EndpointConfig<Probe> {
        Config log(List<String> shared) {
            return new Config(id, shared);
        }

        @Override
        public Probe create() {
            return new Probe(id, log);
        }
    }
}
