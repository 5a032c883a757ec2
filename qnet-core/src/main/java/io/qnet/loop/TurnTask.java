package io.qnet.loop;

/**
 * Work that is due once at the end of the present turn, however often it was asked for. The object is its own queue entry: asking costs no allocation.
 *
 * @see Loop#transmitThisTurn(TurnTask)
 * @see Loop#flushThisTurn(TurnTask)
 */
public abstract class TurnTask {
    boolean queued;
    /** The turn at whose end this task ran last. */
    long ranInTurn = -1;

    /** Creates a task that is not due. */
    protected TurnTask() {}

    /**
     * Does the work. Runs on the loop. What it throws is logged once and counted, and the other tasks of the turn run all the same.
     *
     * @param nowNanos the time of this turn
     */
    protected abstract void run(long nowNanos);
}
