package io.qnet;

/** Receives frames. */
@FunctionalInterface
public interface FrameHandler {
    /** A frame arrived. It is borrowed for the call: what is kept is copied. */
    void onFrame(Frame frame);
}
