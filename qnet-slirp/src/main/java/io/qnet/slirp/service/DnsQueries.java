package io.qnet.slirp.service;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The queries of one flow that are not answered yet; bounded, the oldest makes room. Pure. */
final class DnsQueries {
    private static final int MAX = 128;

    private final ArrayDeque<DnsQuery> queries = new ArrayDeque<>();

    /** Adds a query. One with the same identifier, such as the same one sent again, takes the former one's place. */
    void add(DnsQuery query) {
        queries.removeIf(former -> former.id() == query.id());
        if (queries.size() >= MAX) {
            queries.remove();
        }
        queries.add(query);
    }

    void remove(DnsQuery query) {
        queries.remove(query);
    }

    /** The query with this identifier that this resolver was asked, or null. */
    @Nullable DnsQuery find(int id, InetSocketAddress server) {
        for (DnsQuery query : queries) {
            if (query.id() == id && query.wasAsked(server)) {
                return query;
            }
        }
        return null;
    }

    /** The queries that asked this resolver last. */
    List<DnsQuery> askedLast(InetSocketAddress server) {
        List<DnsQuery> found = new ArrayList<>();
        for (DnsQuery query : queries) {
            if (query.current().equals(server)) {
                found.add(query);
            }
        }
        return found;
    }

    /** The queries whose resolver has had its time, and that have another to ask. */
    List<DnsQuery> overdue(long nowNanos) {
        List<DnsQuery> found = new ArrayList<>();
        for (DnsQuery query : queries) {
            if (query.hasNext() && query.deadlineNanos() - nowNanos <= 0) {
                found.add(query);
            }
        }
        return found;
    }

    /** The earliest deadline of a query that has another resolver to ask, if before {@code latest}. */
    long earliestDeadline(long latest) {
        long earliest = latest;
        for (DnsQuery query : queries) {
            if (query.hasNext() && query.deadlineNanos() - earliest < 0) {
                earliest = query.deadlineNanos();
            }
        }
        return earliest;
    }
}
