package io.qnet.slirp.tcp;

import io.qnet.stat.Counter;
import io.qnet.stat.Counters;

/** The counters of TCP, by name under {@code tcp.}. */
final class TcpCounters {
    final Counter segmentsIn;
    final Counter segmentsOut;
    final Counter bytesFromGuest;
    final Counter bytesToGuest;
    final Counter opened;
    final Counter accepted;
    final Counter refused;
    final Counter unreachable;
    final Counter ignored;
    final Counter evicted;
    final Counter malformed;
    final Counter strayReset;
    final Counter strayIgnored;
    final Counter resetsIn;
    final Counter resetsOut;
    final Counter challenges;
    final Counter challengesSuppressed;
    final Counter outOfWindow;
    final Counter oldDuplicates;
    final Counter duplicateSegments;
    final Counter earlySegments;
    final Counter earlyDropped;
    final Counter memoryDropped;
    final Counter retransmits;
    final Counter retransmittedBytes;
    final Counter recoveries;
    final Counter timeouts;
    final Counter spuriousTimeouts;
    final Counter tailProbes;
    final Counter windowProbes;
    final Counter keepAlives;
    final Counter givenUp;
    final Counter outputRefused;
    final Counter failed;
    final Counter pathMtus;
    final Counter icmpUnreachable;
    final Counter icmpIgnored;

    TcpCounters(Counters counters) {
        segmentsIn = counters.counter("tcp.segments-in");
        segmentsOut = counters.counter("tcp.segments-out");
        bytesFromGuest = counters.counter("tcp.bytes-from-guest");
        bytesToGuest = counters.counter("tcp.bytes-to-guest");
        opened = counters.counter("tcp.opened");
        accepted = counters.counter("tcp.accepted");
        refused = counters.counter("tcp.refused");
        unreachable = counters.counter("tcp.unreachable");
        ignored = counters.counter("tcp.drop.ignored");
        evicted = counters.counter("tcp.evicted");
        malformed = counters.counter("tcp.drop.malformed");
        strayReset = counters.counter("tcp.stray-reset");
        strayIgnored = counters.counter("tcp.drop.stray");
        resetsIn = counters.counter("tcp.resets-in");
        resetsOut = counters.counter("tcp.resets-out");
        challenges = counters.counter("tcp.challenge-acks");
        challengesSuppressed = counters.counter("tcp.challenge-acks-suppressed");
        outOfWindow = counters.counter("tcp.drop.out-of-window");
        oldDuplicates = counters.counter("tcp.drop.paws");
        duplicateSegments = counters.counter("tcp.duplicate-segments");
        earlySegments = counters.counter("tcp.early-segments");
        earlyDropped = counters.counter("tcp.drop.early");
        memoryDropped = counters.counter("tcp.drop.memory");
        retransmits = counters.counter("tcp.retransmits");
        retransmittedBytes = counters.counter("tcp.retransmitted-bytes");
        recoveries = counters.counter("tcp.recoveries");
        timeouts = counters.counter("tcp.timeouts");
        spuriousTimeouts = counters.counter("tcp.spurious-timeouts");
        tailProbes = counters.counter("tcp.tail-probes");
        windowProbes = counters.counter("tcp.window-probes");
        keepAlives = counters.counter("tcp.keepalives");
        givenUp = counters.counter("tcp.given-up");
        outputRefused = counters.counter("tcp.output-refused");
        failed = counters.counter("tcp.failed");
        pathMtus = counters.counter("tcp.path-mtus");
        icmpUnreachable = counters.counter("tcp.icmp-unreachable");
        icmpIgnored = counters.counter("tcp.drop.icmp");
    }
}
