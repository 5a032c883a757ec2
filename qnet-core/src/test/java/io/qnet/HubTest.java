package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a hub does with frames, members that come and go, and members that cannot keep up. */
class HubTest extends CoreFixture {
    @Test
    void repeatsToAllOthersNewestFirst() {
        List<String> log = new ArrayList<>();
        Hub hub = network.hub(3);
        Probe first = hub.add(Probe.config("first").log(log));
        hub.add(Probe.config("second").log(log));
        hub.add(Probe.config("third").log(log));
        assertThat(first.send(1)).isTrue();
        assertThat(log).containsExactly("third<1", "second<1");
        assertThat(hub.ports()).extracting(Endpoint::id).containsExactly("hub3port2", "hub3port1", "hub3port0");
    }

    @Test
    void aloneItDropsAndCountsAndNeverStalls() {
        Probe alone = onHub("alone");
        for (int i = 0; i < 5; i++) {
            assertThat(alone.send(i)).isTrue();
        }
        assertThat(network.info().endpoint("hub0port0").counters().get("drop.alone"))
                .isEqualTo(5);
    }

    /** QEMU's port is dead after this. */
    @Test
    void aLateJoinWorks() {
        Probe early = onHub("early");
        early.send(1);
        Probe late = onHub("late");
        early.send(2);
        late.send(3);
        assertThat(late.received).containsExactly(2);
        assertThat(early.received).containsExactly(3);
    }

    @Test
    void aMemberThatComesWhileAnotherWaitsTakesItsFrames() {
        Probe sender = onHub("sender");
        Probe stuck = onHub("stuck");
        stuck.notReady();
        assertThat(sender.send(1)).isFalse();
        sender.onSendable = () -> sender.send(1);
        Probe late = onHub("late");
        assertThat(late.received).containsExactly(1);
        stuck.readyAgain();
        assertThat(stuck.received).as("queued, since another took it").containsExactly(1);
    }

    @Test
    void whoWaitsForAMemberThatLeavesGoesOn() {
        Probe sender = onHub("sender");
        Probe stuck = onHub("stuck");
        stuck.notReady();
        assertThat(sender.send(1)).isFalse();
        network.remove(stuck);
        assertThat(sender.sendables).isEqualTo(1);
        assertThat(sender.send(1)).isTrue();
        assertThat(network.endpoints()).extracting(Endpoint::id).containsExactly("hub0port0", "sender");
    }

    @Test
    void aSlowMemberHarmsNobodyAndLosesNothingThatFits() {
        Probe sender = onHub("sender");
        Probe slow = onHub("slow");
        Probe fast = onHub("fast");
        slow.notReady();
        for (int i = 0; i < 100; i++) {
            assertThat(sender.send(i)).isTrue();
        }
        assertThat(fast.received).hasSize(100);
        slow.readyFor(30);
        sender.send(100);
        slow.readyAgain();
        sender.send(101);
        assertThat(slow.received).isEqualTo(IntStream.range(0, 102).boxed().toList());
        assertThat(fast.received).isEqualTo(slow.received);
    }

    @Test
    void whatTheSlowMemberHasNoRoomForIsDroppedAndCounted() {
        Probe sender = onHub("sender");
        Probe slow = onHub("slow");
        Probe fast = onHub("fast");
        slow.notReady();
        for (int i = 0; i < Port.QUEUE_FRAMES + 10; i++) {
            sender.send(i);
        }
        assertThat(fast.received).hasSize(Port.QUEUE_FRAMES + 10);
        assertThat(slow.count("drop.queue-full")).isEqualTo(10);
    }

    @Test
    void ifNobodyCanTheSenderWaitsAndAnyoneWakesIt() {
        Probe sender = onHub("sender");
        Probe one = onHub("one");
        Probe other = onHub("other");
        one.notReady();
        other.notReady();
        assertThat(sender.send(1)).isFalse();
        sender.onSendable = () -> sender.send(1);
        one.readyAgain();
        assertThat(one.received).containsExactly(1);
        assertThat(other.received).isEmpty();
        other.readyAgain();
        assertThat(other.received).containsExactly(1);
        assertThat(sender.sendables).isEqualTo(1);
    }

    @Test
    void aMemberWithItsLinkDownIsNotThere() {
        Probe sender = onHub("sender");
        Probe cut = onHub("cut");
        network.setLink("cut", false);
        assertThat(sender.send(1)).isTrue();
        assertThat(network.info().endpoint("hub0port0").counters().get("drop.alone"))
                .isEqualTo(1);
        network.setLink("cut", true);
        network.setLink("hub0port1", false);
        assertThat(sender.send(2)).isTrue();
        assertThat(cut.received).isEmpty();
        network.setLink("hub0port1", true);
        sender.send(3);
        assertThat(cut.received).containsExactly(3);
        cut.notReady();
        assertThat(sender.send(4)).isFalse();
        network.setLink("cut", false);
        assertThat(sender.sendables).as("who waited for it goes on").isEqualTo(1);
    }

    @Test
    void twoThatWaitForTheSameTakeTurns() {
        Probe sink = onHub("sink");
        Flood one = new Flood(onHub("one"), 100_000);
        Flood other = new Flood(onHub("other"), 200_000);
        one.probe.notReady();
        other.probe.notReady();
        sink.notReady();
        one.push();
        other.push();
        for (int i = 0; i < 10; i++) {
            sink.readyFor(1);
        }
        long ofOne = sink.received.stream().filter(each -> each < 200_000).count();
        assertThat(ofOne).as("frames of one among %s", sink.received).isBetween(3L, 7L);
    }

    /** Every source's frames reach everybody once and in order, whoever stalls whenever. */
    @Test
    void nothingIsLostDoubledOrOvertaken() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            List<Flood> floods = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                floods.add(new Flood(network.hub(seed).add(Probe.config("p" + seed + "." + i)), (i + 1) * 100_000));
            }
            for (int step = 0; step < 400; step++) {
                Flood flood = floods.get(random.nextInt(4));
                switch (random.nextInt(4)) {
                    case 0 -> flood.probe.notReady();
                    case 1 -> flood.probe.readyFor(random.nextInt(5));
                    case 2 -> flood.probe.readyAgain();
                    default -> flood.push(random.nextInt(6));
                }
                if (random.nextInt(10) == 0) {
                    network.poll();
                }
            }
            floods.forEach(each -> each.probe.readyAgain());
            floods.forEach(each -> each.probe.readyAgain());
            network.poll();
            check(floods, seed);
        }
    }

    private static void check(List<Flood> floods, int seed) {
        for (Flood from : floods) {
            assertThat(from.waiting)
                    .as("seed %s: %s still waits", seed, from.probe.id())
                    .isEmpty();
            List<Integer> sent = IntStream.range(from.first, from.next).boxed().toList();
            for (Flood to : floods) {
                List<Integer> seen = to.probe.received.stream()
                        .filter(each -> each / 100_000 == from.first / 100_000)
                        .toList();
                assertThat(seen)
                        .as("seed %s: %s to %s", seed, from.probe.id(), to.probe.id())
                        .isEqualTo(from == to ? List.of() : sent);
            }
        }
    }

    @Test
    void aPauseStopsAHubAndResumingLosesNothing() {
        Probe sender = onHub("sender");
        Probe receiver = onHub("receiver");
        network.pause();
        sender.sendOrQueue(1);
        assertThat(sender.send(2)).isFalse();
        sender.onSendable = () -> sender.send(2);
        assertThat(receiver.received).isEmpty();
        network.resume();
        assertThat(receiver.received).containsExactly(1, 2);
    }

    @Test
    void aMemberThatAnswersAtOnceIsHeardByAll() {
        Probe asking = onHub("asking");
        Probe answering = onHub("answering");
        Probe third = onHub("third");
        answering.onReceive = number -> {
            if (number < 10) {
                answering.send(number + 10);
            }
        };
        asking.send(1);
        asking.send(2);
        assertThat(asking.received).containsExactly(11, 12);
        assertThat(third.received).containsExactlyInAnyOrder(1, 11, 2, 12);
        assertThat(third.received.indexOf(1)).isLessThan(third.received.indexOf(2));
    }

    @Test
    void membersMayLeaveDuringARepetition() {
        Probe sender = onHub("sender");
        Probe last = onHub("last");
        Probe first = onHub("first");
        first.onReceive = number -> network.remove(last);
        assertThat(sender.send(1)).isTrue();
        assertThat(first.received).containsExactly(1);
        assertThat(last.received).isEmpty();
        first.onReceive = number -> network.remove(first);
        assertThat(sender.send(2)).isTrue();
        assertThat(sender.send(3)).isTrue();
    }

    @Test
    void offersWhatAnyOtherTakes() {
        Probe user = onHub("user");
        Probe tap = onHub("tap");
        onHub("stream");
        tap.takes = Offload.TAKES_CSUM | Offload.TAKES_TSO4;
        assertThat(user.port().peerTakes()).isEqualTo(Offload.TAKES_CSUM | Offload.TAKES_TSO4);
        assertThat(tap.port().peerTakes()).isEqualTo(Offload.TAKES_NOTHING);
    }

    /** Sends numbered frames as far as it can, and the rest when it is told. */
    private static final class Flood {
        final Probe probe;
        final int first;
        final Deque<Integer> waiting = new ArrayDeque<>();
        int next;

        Flood(Probe probe, int first) {
            this.probe = probe;
            this.first = first;
            next = first;
            probe.onSendable = this::drain;
        }

        void push() {
            push(20);
        }

        void push(int count) {
            for (int i = 0; i < count; i++) {
                waiting.add(next++);
            }
            drain();
        }

        private void drain() {
            while (!waiting.isEmpty() && probe.send(waiting.peek())) {
                waiting.remove();
            }
        }
    }
}
