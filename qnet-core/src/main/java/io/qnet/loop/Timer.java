package io.qnet.loop;

/**
 * One deadline with what to do then. The object is its own entry in {@link Timers}: arming, moving and cancelling allocate nothing. Moving a deadline to a later time, as every acknowledgement does to
 * a retransmission timer, only writes a field.
 *
 * <p>For the loop's thread only. Deadlines are nanoseconds of {@link Loop#nowNanos()}, compared by difference.
 */
public abstract class Timer {
    static final int NOT_QUEUED = -1;

    int index = NOT_QUEUED;
    long queuedNanos;
    long deadlineNanos;
    boolean armed;

    /** Creates a timer that is not armed. */
    protected Timer() {}

    /** Called once when the deadline has passed; the timer is no longer armed then and may be armed again. */
    protected abstract void onTimer(long nowNanos);

    /** Whether a deadline is set. */
    public final boolean isArmed() {
        return armed;
    }

    /** The deadline; meaningful only while armed. */
    public final long deadlineNanos() {
        return deadlineNanos;
    }
}
