package io.qnet.slirp.tcp;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** After each test every dialogue is ended; nothing of it may be left. */
final class LeakCheck implements AfterEachCallback {
    private static final ThreadLocal<List<TcpDialogue>> DIALOGUES = ThreadLocal.withInitial(ArrayList::new);

    static void watch(TcpDialogue dialogue) {
        DIALOGUES.get().add(dialogue);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        List<TcpDialogue> dialogues = DIALOGUES.get();
        DIALOGUES.remove();
        if (context.getExecutionException().isEmpty()) {
            dialogues.forEach(TcpDialogue::close);
        }
    }
}
