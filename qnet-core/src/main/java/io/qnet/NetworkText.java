package io.qnet;

import io.qnet.NetworkInfo.EndpointInfo;
import io.qnet.NetworkInfo.FilterInfo;
import io.qnet.NetworkInfo.HubInfo;
import org.jspecify.annotations.Nullable;

/** The text of {@code info network}: the hubs with their ports, then what is on no hub, each NIC followed by its netdev. */
final class NetworkText {
    private final NetworkInfo network;
    private final StringBuilder text = new StringBuilder();

    private NetworkText(NetworkInfo network) {
        this.network = network;
    }

    static String of(NetworkInfo network) {
        NetworkText printer = new NetworkText(network);
        network.hubs().forEach(printer::hub);
        network.endpoints().forEach(printer::client);
        return printer.text.toString();
    }

    private void hub(HubInfo hub) {
        text.append("hub ").append(hub.id()).append('\n');
        for (String name : hub.ports()) {
            text.append(" \\ ").append(name);
            EndpointInfo port = network.endpoint(name);
            EndpointInfo peer = port == null ? null : peerOf(port);
            if (peer == null) {
                text.append('\n');
            } else {
                text.append(": ");
                line(peer);
            }
        }
    }

    private void client(EndpointInfo client) {
        if (client.hub() != null) {
            return; // printed with its hub
        }
        boolean nic = client.type().equals("nic");
        EndpointInfo peer = peerOf(client);
        if (nic || peer == null) {
            line(client);
        }
        if (nic && peer != null) {
            text.append(" \\ ");
            line(peer);
        }
    }

    private @Nullable EndpointInfo peerOf(EndpointInfo client) {
        String peer = client.peer();
        return peer == null ? null : network.endpoint(peer);
    }

    private void line(EndpointInfo client) {
        text.append(client.name()).append(": index=0,type=").append(client.type());
        text.append(',').append(client.info()).append('\n');
        if (!client.filters().isEmpty()) {
            text.append("filters:\n");
        }
        for (FilterInfo filter : client.filters()) {
            text.append("  - ").append(filter.id()).append(": type=").append(filter.type());
            text.append(filter.info()).append('\n');
        }
    }
}
