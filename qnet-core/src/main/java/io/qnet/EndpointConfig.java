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

    /** Whether opening waits for a script, a helper or a resolver. Such an endpoint opens by {@link Endpoint#openAsync()}, and on the loop it can be added by {@link Network#addAsync} alone. */
    default boolean mayBlock() {
        return false;
    }

    /** The same configuration with what the network chooses filled in: the name and the MAC of a NIC. */
    default EndpointConfig<E> completed(NicDefaults defaults) {
        return this;
    }
}
