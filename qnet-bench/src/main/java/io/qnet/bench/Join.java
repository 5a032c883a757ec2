package io.qnet.bench;

/** How the guest is joined to what is measured. */
enum Join {
    /** A TAP of the guest's own, carried by the relay over a unix socket with QEMU's stream framing. */
    STREAM("QEMU stream socket"),
    /** The stack's own TAP in the guest's namespace, with virtio-net headers. */
    TAP_OFFLOAD("TAP, offloads"),
    /** The stack's own TAP, without. */
    TAP_PLAIN("TAP, no offloads");

    private final String text;

    Join(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
