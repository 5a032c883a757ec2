package io.qnet.bench;

/** A place in the table: how the guest is joined, and its MTU. */
record Cell(Join join, int mtu) {
    @Override
    public String toString() {
        return join.text() + ", MTU " + mtu;
    }
}
