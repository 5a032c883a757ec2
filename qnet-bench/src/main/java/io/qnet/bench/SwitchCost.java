package io.qnet.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.EndpointConfig;
import io.qnet.Frame;
import io.qnet.Hub;
import io.qnet.Netdev;
import io.qnet.Network;
import io.qnet.Offload;
import io.qnet.Port;
import io.qnet.Switch;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** What a frame to a known address costs on a switch, and to all on a hub, by the number of ports: a table on standard output. */
public final class SwitchCost {
    private static final int[] PORTS = {2, 3, 10, 100, 1000};
    private static final int ROUNDS = 5;
    private static final int FRAMES = 2_000_000;
    private static final int FRAME_BYTES = 1514;
    private static final long BASE = 0x5254_0000_0000L;

    private SwitchCost() {}

    /** Prints the table. */
    public static void main(String[] arguments) {
        PrintStream out = System.out;
        out.println("ports  switch ns/frame  hub ns/frame");
        for (int ports : PORTS) {
            double known = best(ports, true);
            double flooded = best(ports, false);
            out.printf("%5d  %15.1f  %12.1f%n", ports, known, flooded);
        }
    }

    private static double best(int ports, boolean learning) {
        try (Network network = Network.open()) {
            Hub hub = learning ? network.hub(0, Switch.Config.DEFAULT) : network.hub(0);
            List<Sink> sinks = new ArrayList<>();
            for (int i = 0; i < ports; i++) {
                sinks.add(hub.add(new SinkConfig("s" + i)));
            }
            int frames = learning ? FRAMES : Math.max(2000, FRAMES / ports);
            double best = Double.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                best = Math.min(best, network.call(() -> measure(sinks, frames)));
            }
            return best;
        }
    }

    /** Each port is heard once; then the first sends to all others in turn. */
    private static double measure(List<Sink> sinks, int frames) {
        Frame[] to = new Frame[sinks.size()];
        for (int i = 0; i < to.length; i++) {
            sinks.get(i).port().send(frame(BASE + i, 0xffff_ffff_ffffL));
            to[i] = frame(BASE, BASE + i);
        }
        Port first = sinks.get(0).port();
        long begin = System.nanoTime();
        int next = 1;
        for (int i = 0; i < frames; i++) {
            first.send(to[next]);
            next = next + 1 == to.length ? 1 : next + 1;
        }
        return (double) (System.nanoTime() - begin) / frames;
    }

    private static Frame frame(long source, long destination) {
        ByteBuf bytes = Unpooled.directBuffer(FRAME_BYTES)
                .writeShort((int) (destination >> 32))
                .writeInt((int) destination)
                .writeShort((int) (source >> 32))
                .writeInt((int) source)
                .writeShort(0x88b5)
                .writeZero(FRAME_BYTES - 14);
        return new Frame().head(bytes, 0, FRAME_BYTES);
    }

    /** How to make a sink. */
    private record SinkConfig(String id) implements EndpointConfig<Sink> {
        @Override
        public Sink create() {
            return new Sink(id);
        }
    }

    /** Takes whatever comes. */
    private static final class Sink extends Netdev implements Port.Device {
        Sink(String id) {
            super(id);
        }

        @Override
        public String type() {
            return "sink";
        }

        @Override
        public String info() {
            return "";
        }

        @Override
        protected void open() {
            // nothing
        }

        @Override
        protected void close() {
            // nothing
        }

        @Override
        protected Port.Device device() {
            return this;
        }

        @Override
        public boolean receive(Frame frame) {
            return true;
        }

        @Override
        public int takes() {
            return Offload.TAKES_NOTHING;
        }

        @Override
        public void onSendable() {
            // never waits
        }
    }
}
