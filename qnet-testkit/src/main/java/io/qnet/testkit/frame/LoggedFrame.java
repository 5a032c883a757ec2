package io.qnet.testkit.frame;

/**
 * One frame that passed a guest's NIC.
 *
 * @param nanos when, in the time of the guest's network
 * @param sent whether the guest sent it; false if it received it
 * @param bytes the frame without FCS; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // a frame is its bytes; equality is not asked for
public record LoggedFrame(long nanos, boolean sent, byte[] bytes) {
    /** The frame's EtherType. */
    public int etherType() {
        return bytes.length < 14 ? 0 : ((bytes[12] & 0xff) << 8) | (bytes[13] & 0xff);
    }

    @Override
    public String toString() {
        return (sent ? "> " : "< ") + Dissect.line(bytes);
    }
}
