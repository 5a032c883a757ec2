package io.qnet.filter;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.FrameFilter;
import io.qnet.chardev.Chardev;
import io.qnet.loop.Loop;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import org.jspecify.annotations.Nullable;

/**
 * Sends frames to a character device, copied (QEMU's {@code filter-mirror}) or instead of letting them pass ({@code filter-redirector}), and lets frames from another one enter here, both ways if it sees
 * both (net/filter-mirror.c). While nobody is at the other end frames pass. What the device does not take is dropped there and counted ({@code drop.send}).
 */
final class Redirector implements FrameFilter {
    private final String type;
    private final @Nullable Chardev in;
    private final @Nullable Chardev out;
    private final boolean vnetHeader;
    private final ChardevFrames outFrames;
    private final ChardevFrames inFrames;
    private final Counters counters = new Counters();
    private final Counter sent = counters.counter("sent");
    private final Counter entered = counters.counter("entered");
    private final Counter dropSend = counters.counter("drop.send");
    private boolean enabled = true;
    private @Nullable Passage tx;
    private @Nullable Passage rx;

    /**
     * @param type {@code filter-mirror} or {@code filter-redirector}
     * @throws io.qnet.option.OptionException if a device is in use
     */
    Redirector(String type, Loop loop, @Nullable Chardev in, @Nullable Chardev out, boolean vnetHeader) {
        this.type = type;
        this.in = in;
        this.out = out;
        this.vnetHeader = vnetHeader;
        outFrames = new ChardevFrames(loop, vnetHeader);
        inFrames = new ChardevFrames(loop, vnetHeader);
        try {
            if (in != null) {
                in.attach(this, this::onBytes);
            }
            if (out != null) {
                out.attach(this, null);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public String type() {
        return type;
    }

    @Override
    public String info() {
        String devices = type.equals("filter-mirror") ? "" : ",indev=" + (in == null ? "" : in.id());
        return ",vnet_hdr_support=" + vnetHeader + devices + ",outdev=" + (out == null ? "" : out.id());
    }

    @Override
    public Counters counters() {
        return counters;
    }

    @Override
    public void placed(@Nullable Passage toPeer, @Nullable Passage toNetdev) {
        tx = toPeer;
        rx = toNetdev;
    }

    @Override
    public void onStatus(boolean on) {
        enabled = on;
    }

    @Override
    public boolean filter(Frame frame, Direction direction, Passage onward) {
        Chardev to = out;
        boolean passes = type.equals("filter-mirror") || to == null || !to.isConnected();
        if (to != null && to.isConnected()) {
            if (outFrames.write(frame, to)) {
                sent.increment();
            } else {
                dropSend.increment();
            }
        }
        return passes;
    }

    private void onBytes(ByteBuf bytes) {
        inFrames.read(bytes, this::enter);
    }

    /** QEMU: redirector_to_filter. */
    private void enter(Frame frame) {
        if (!enabled) {
            return;
        }
        entered.increment();
        if (tx != null) {
            tx.inject(frame);
        }
        if (rx != null) {
            rx.inject(frame);
        }
    }

    @Override
    public void close() {
        if (in != null) {
            in.detach(this);
        }
        if (out != null) {
            out.detach(this);
        }
        outFrames.close();
        inFrames.close();
    }
}
