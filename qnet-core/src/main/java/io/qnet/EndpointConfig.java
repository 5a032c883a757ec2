package io.qnet;

/**
 * How an endpoint is to be made: immutable or not, its {@link #create()} makes a new endpoint of the present values, which the network then opens.
 *
 * @param <E> the kind of endpoint
 */
public interface EndpointConfig<E extends Endpoint> {
    /** The endpoint's name. */
    String id();

    /** Makes the endpoint; nothing is opened yet. */
    E create();
}
