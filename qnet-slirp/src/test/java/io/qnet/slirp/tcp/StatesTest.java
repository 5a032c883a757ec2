package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.FIN;
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.host.HostError;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every state against every event, as RFC 9293 §3.10 has them, with the answers of RFC 5961. A cell is the state that follows and what is sent: A an acknowledgement, R a reset, S our SYN, SA our SYN|ACK,
 * F a FIN, D data, - nothing. A dot instead of a state: it stays.
 */
@ExtendWith(LeakCheck.class)
class StatesTest {
    private static final String[] STATES = {
        "CLOSED",
        "CONNECTING",
        "SYN_SENT",
        "SYN_RECEIVED",
        "ESTABLISHED",
        "FIN_WAIT_1",
        "FIN_WAIT_2",
        "CLOSE_WAIT",
        "CLOSING",
        "LAST_ACK",
        "TIME_WAIT"
    };

    // one row an event, one column a state in the order above
    private static final String[] TABLE = {
        "a new SYN:          CONNECTING- | .-    | SYN_RECEIVED+SA | .A | .A | .A | .A | .A | .A | .A | CONNECTING-",
        "the guest's SYN|ACK: .R         | .-    | ESTABLISHED+A | ESTABLISHED+A | .A | .A | .A | .A | .A | .A | .A",
        "ACK of nothing new: .R | .- | .R | .R | .- | .- | .- | .- | .- | .- | .-",
        "ACK of all:         .R | .- | .- | ESTABLISHED- | .- | FIN_WAIT_2- | .- | .- | TIME_WAIT- | CLOSED- | .-",
        "text:               .R | .- | .- | ESTABLISHED- | .- | .- | .- | .- | .- | .- | .-",
        "FIN:                .R | .- | .- | CLOSE_WAIT+A | CLOSE_WAIT+A | CLOSING+A | TIME_WAIT+A | .- | .- | .- | .-",
        "FIN and ACK of all: .R | .- | .- | CLOSE_WAIT+A | CLOSE_WAIT+A | TIME_WAIT+A | TIME_WAIT+A | .- | TIME_WAIT-"
                + " | CLOSED- | .-",
        "RST:                .- | CLOSED- | CLOSED- | CLOSED- | CLOSED- | CLOSED- | CLOSED- | CLOSED- | CLOSED-"
                + " | CLOSED- | CLOSED-",
        "RST in the window:  .- | .- | .- | .A | .A | .A | .A | .A | .A | .A | .A",
        "ACK of the future:  .R | .- | .R | .R | .A | .A | .A | .A | .A | .A | .A",
        "the SYN again:      CONNECTING- | .-   | SYN_RECEIVED+SA | .SA | .A | .A | .A | .A | .A | .A | .A",
        "text before the window: .R | .- | .- | .A | .A | .A | .A | .A | .A | .A | .A",
        "a keepalive:        .R | .- | .- | .A | .A | .A | .A | .A | .A | .A | .A",
        "no flags:           .R | .- | .- | .- | .- | .- | .- | .- | .- | .- | .-",
        "ICMP unreachable:   .- | .- | CLOSED- | .- | .- | .- | .- | .- | .- | .- | .-",
        "the end of all:     .- | CLOSED+R | CLOSED- | CLOSED+R | CLOSED+R | CLOSED+R | CLOSED+R | CLOSED+R"
                + " | CLOSED+R | CLOSED+R | CLOSED-",
        "host has written:    x | .- | .- | .- | .- | .- | .- | .- | .- | .- | x",
        "host connected:      x | SYN_RECEIVED+SA | x | x | x | x | x | x | x | x | x",
        "host data:           x | .- | .- | .- | .D | x | x | .D | x | x | x",
        "host end:            x | .- | .- | .- | FIN_WAIT_1+F | x | x | LAST_ACK+F | x | x | x",
        "host failure:        x | CLOSED+R | CLOSED- | CLOSED+R | CLOSED+R | CLOSED+R | CLOSED+R | CLOSED+R | CLOSED+R"
                + " | CLOSED+R | x",
        "give up:             x | x | CLOSED- | CLOSED+R | x | CLOSED+R | CLOSED+R | x | CLOSED+R | CLOSED+R | CLOSED-",
    };

    static Stream<Arguments> cells() {
        Stream.Builder<Arguments> cells = Stream.builder();
        for (String row : TABLE) {
            String event = row.substring(0, row.indexOf(':'));
            String[] columns = row.substring(row.indexOf(':') + 1).split("\\|", -1);
            assertThat(columns).as(row).hasSize(STATES.length);
            for (int i = 0; i < STATES.length; i++) {
                String cell = columns[i].trim();
                if (!cell.equals("x")) {
                    cells.add(Arguments.of(TcpState.valueOf(STATES[i]), event, cell));
                }
            }
        }
        return cells.build();
    }

    private final TcpDialogue dialogue = new TcpDialogue();
    private int rcvNxt = IRS + 1;
    private int sndUna = ISS + 1;
    private int sndNxt = ISS + 1;

    @ParameterizedTest(name = "{0}, {1}: {2}")
    @MethodSource("cells")
    void cell(TcpState state, String event, String expected) {
        reach(state);
        assertThat(dialogue.state()).isEqualTo(state);
        dialogue.sent.clear();
        happen(state, event);
        String answer = answers();
        TcpState next = dialogue.state();
        String found = (next == state ? "." : next.name() + (answer.equals("-") ? "" : "+")) + answer;
        assertThat(found).isEqualTo(expected);
    }

    private void reach(TcpState state) {
        switch (state) {
            case CLOSED -> {
                sndUna = ISS;
                sndNxt = ISS;
            }
            case CONNECTING, SYN_RECEIVED -> {
                sndUna = ISS;
                dialogue.guestSends(SYN, IRS, 0, GuestFrames.mss(1460), "");
                if (state == TcpState.SYN_RECEIVED) {
                    dialogue.hostConnects();
                }
            }
            case SYN_SENT -> {
                sndUna = ISS;
                dialogue.hostAccepts();
            }
            default -> {
                dialogue.opened(GuestFrames.mss(1460));
                beyond(state);
            }
        }
    }

    private void beyond(TcpState state) {
        switch (state) {
            case FIN_WAIT_1 -> hostEnds();
            case FIN_WAIT_2 -> {
                hostEnds();
                dialogue.guestSends(ACK, IRS + 1, ISS + 2);
                sndUna++;
            }
            case CLOSE_WAIT -> guestEnds();
            case CLOSING -> {
                hostEnds();
                guestEnds();
            }
            case LAST_ACK -> {
                guestEnds();
                hostEnds();
            }
            case TIME_WAIT -> {
                beyond(TcpState.FIN_WAIT_2);
                guestEnds();
            }
            default -> {
                // ESTABLISHED
            }
        }
    }

    private void hostEnds() {
        dialogue.hostEnds();
        sndNxt++;
    }

    private void guestEnds() {
        dialogue.guestSends(ACK | FIN, rcvNxt, sndUna);
        rcvNxt++;
    }

    private void happen(TcpState state, String event) {
        boolean handshake = state == TcpState.SYN_SENT || state == TcpState.SYN_RECEIVED;
        int acked = handshake ? sndNxt : sndUna;
        switch (event) {
            case "a new SYN" -> dialogue.guestSends(SYN, rcvNxt + 1000, 0, GuestFrames.mss(1460), "");
            case "the guest's SYN|ACK" -> dialogue.guestSends(SYN | ACK, IRS, ISS + 1, GuestFrames.mss(1460), "");
            case "ACK of nothing new" -> dialogue.guestSends(ACK, rcvNxt, sndUna);
            case "ACK of all" -> dialogue.guestSends(ACK, rcvNxt, sndNxt);
            case "text" -> dialogue.guestSends(ACK | PSH, rcvNxt, acked, "x");
            case "FIN" -> dialogue.guestSends(ACK | FIN, rcvNxt, acked);
            case "FIN and ACK of all" -> dialogue.guestSends(ACK | FIN, rcvNxt, sndNxt);
            case "RST" -> {
                if (state == TcpState.SYN_SENT) {
                    dialogue.guestSends(RST | ACK, 0, ISS + 1);
                } else {
                    dialogue.guestSends(RST, rcvNxt, 0);
                }
            }
            case "RST in the window" -> dialogue.guestSends(RST, rcvNxt + 1, 0);
            case "the SYN again" -> dialogue.guestSends(SYN, IRS, 0, GuestFrames.mss(1460), "");
            case "text before the window" -> dialogue.guestSends(ACK | PSH, rcvNxt - 1, acked, "x");
            case "a keepalive" -> dialogue.guestSends(ACK, rcvNxt - 1, acked);
            case "no flags" -> dialogue.guestSends(0, rcvNxt, acked);
            case "ACK of the future" -> dialogue.guestSends(ACK, rcvNxt, sndNxt + 1);
            default -> happenOnHost(event);
        }
    }

    private void happenOnHost(String event) {
        switch (event) {
            case "host connected" -> dialogue.hostConnects();
            case "host data" -> dialogue.hostSays("y");
            case "host end" -> dialogue.hostEnds();
            case "host has written" -> dialogue.hostTakes(0);
            case "ICMP unreachable" -> {
                dialogue.stack().onIcmpError(dialogue.flow, PathError.UNREACHABLE, sndUna, 0);
                dialogue.turn();
            }
            case "the end of all" -> dialogue.stack().close();
            case "host failure" -> dialogue.hostFails(HostError.REFUSED);
            case "give up" -> {
                dialogue.after(600_000);
                SentSegment last = dialogue.sent.pollLast();
                dialogue.sent.clear();
                if (last != null && (last.flags() & RST) != 0) {
                    dialogue.sent.add(last);
                }
            }
            default -> throw new AssertionError(event);
        }
    }

    private String answers() {
        StringBuilder letters = new StringBuilder();
        for (SentSegment segment : dialogue.sent) {
            if ((segment.flags() & RST) != 0) {
                letters.append('R');
            } else if ((segment.flags() & SYN) != 0) {
                letters.append((segment.flags() & ACK) != 0 ? "SA" : "S");
            } else if ((segment.flags() & FIN) != 0) {
                letters.append('F');
            } else {
                letters.append(segment.payload().length > 0 ? "D" : "A");
            }
        }
        return letters.isEmpty() ? "-" : letters.toString();
    }
}
