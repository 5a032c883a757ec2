package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.epoll.Epoll;
import io.qnet.Hub;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestTcp;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code guestfwd=…-cmd:COMMAND}: a program of the host's for each connection. Without epoll it is refused. */
@Timeout(60)
class CommandForwardTest {
    private static final boolean EPOLL = Epoll.isAvailable() && !"nio".equals(System.getProperty("qnet.transport"));

    private final Network net = Network.open();
    private final Hub lan = net.hub(0);

    @AfterEach
    void close() {
        net.close();
    }

    private FakeGuest guest(String command) {
        lan.add(UserNetdev.config("u0").guestForward("tcp::80-cmd:" + command));
        return FakeGuest.on(net, lan.add(Nic.config().id("g1"))).address("10.0.2.15", 24, "10.0.2.2");
    }

    private String answer(String command) {
        return answer(command, "");
    }

    /** What a command answers to this input and its end. (What a program leaves unread is a reset.) */
    private String answer(String command, String input) {
        if (!EPOLL) {
            assertThatThrownBy(() -> guest(command)).hasMessageContaining("programs are started with epoll only");
            return "";
        }
        try (GuestTcp connection = guest(command).connect("10.0.2.4", 80)) {
            connection.write(input).shutdownOutput();
            return new String(connection.readAll(), StandardCharsets.UTF_8);
        }
    }

    private static String onEpoll(String text) {
        return EPOLL ? text : "";
    }

    @Test
    void whatAGuestWritesIsTheProgramsInput() {
        assertThat(answer("cat", "a line\n")).isEqualTo(onEpoll("a line\n"));
    }

    @Test
    void wordsAreSplitAsAShellDoesAndErrorsAreShown() {
        assertThat(answer("sh -c 'echo \"$0|$1\"; echo oops >&2; cat' 'a  b' c\\ d", "a line\n"))
                .isEqualTo(onEpoll("a  b|c d\noops\na line\n"));
    }

    @Test
    void aProgramThatDoesNotExistEndsAtOnce() {
        assertThat(answer("no-such-program-of-qnet")).isEmpty();
    }

    @Test
    void aProgramInheritsNothingButItsConnection() {
        assertThat(answer("sh -c 'ls /proc/self/fd | wc -l'")).isEqualTo(onEpoll("4\n"));
    }

    @Test
    void whatDoesNotEndByItselfIsEndedWithTheNetwork() {
        if (!EPOLL) {
            return;
        }
        FakeGuest guest = guest("sh -c 'echo $$; trap \"\" TERM; exec 0<&- 1>&- 2>&-; while :; do sleep 1; done'");
        long pid = Long.parseLong(new String(guest.connect("10.0.2.4", 80).readAll(), StandardCharsets.UTF_8).strip());
        assertThat(ProcessHandle.of(pid)).isPresent();
        net.close();
        assertThat(ProcessHandle.of(pid)).isEmpty();
    }
}
