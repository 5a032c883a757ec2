package io.qnet.testkit;

import io.qnet.testkit.frame.Dissect;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a guest was sent that breaks a rule. Written on the loop, read from any thread. */
final class Violations {
    private static final int MOST = 100;

    private final List<String> texts = new CopyOnWriteArrayList<>();

    void add(String what) {
        if (texts.size() < MOST) {
            texts.add(what);
        }
    }

    void add(String what, byte[] frame) {
        if (texts.size() < MOST) {
            texts.add(what + ": " + Dissect.line(frame));
        }
    }

    List<String> texts() {
        return List.copyOf(texts);
    }

    boolean isEmpty() {
        return texts.isEmpty();
    }

    void clear() {
        texts.clear();
    }
}
