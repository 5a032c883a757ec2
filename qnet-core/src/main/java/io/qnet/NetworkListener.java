package io.qnet;

/** Told on the loop what happens in a network. */
public interface NetworkListener {
    /** An event that QEMU reports on QMP, or one of qnet's own. */
    default void onEvent(NetworkEvent event) {}

    /**
     * Something a person should know.
     *
     * @param endpoint the name of the endpoint that it is about
     */
    default void onWarning(String endpoint, String message) {}
}
