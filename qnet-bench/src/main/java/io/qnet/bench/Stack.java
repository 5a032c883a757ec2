package io.qnet.bench;

import java.util.Set;

/** Something that joins a guest to a host, as the table compares it. */
interface Stack {
    /** The name in the table. */
    String name();

    /** The ways in which a guest can be joined to it. */
    Set<Join> joins();

    /** Whether it is the probe that shows what the guest's side can reach, without a host socket: measured with its own client, without ping. */
    default boolean isCeiling() {
        return false;
    }

    /** Starts it in a lab and joins the guest, which has an address when this returns. */
    Process start(Lab lab, Cell cell);
}
