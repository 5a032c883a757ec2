package io.qnet.option;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** One thing to create, in the order in which QEMU would: see {@link NetCommandLine#items()}. */
public sealed interface NetItem {
    /** The argument it comes from, for messages: {@code -netdev user,id=u0}. */
    String source();

    /** Its name; made up ({@code #net136}) where none was given and none is needed. */
    String id();

    /**
     * A back end.
     *
     * @param source the argument it comes from
     * @param id its name
     * @param type {@code user}, {@code tap}, {@code stream}, {@code hubport}...
     * @param options what was given, by the type's schema
     * @param hub the hub it is to have a port on ({@code -net}: 0, or N with {@code vlan=N}); empty for {@code -netdev}: no peer yet
     */
    record Backend(String source, String id, String type, OptionValues options, OptionalInt hub) implements NetItem {}

    /**
     * A NIC from {@code -net nic}.
     *
     * @param source the argument it comes from
     * @param id its name
     * @param nic what was asked of it
     * @param hub the hub it is to have a port on, if {@code netdev} is null
     * @param netdev the id of the back end it is to be joined to directly, or null
     */
    record NicDevice(
            String source,
            String id,
            NicRequest nic,
            int hub,
            @Nullable String netdev) implements NetItem {}

    /**
     * {@code -nic}: a back end and a NIC joined directly.
     *
     * @param source the argument it comes from
     * @param id the back end's name; the NIC gets one of its own
     * @param type the back end's type
     * @param options the back end's options
     * @param nic what was asked of the NIC
     */
    record DirectNic(String source, String id, String type, OptionValues options, NicRequest nic) implements NetItem {
        /** The back end alone. */
        public Backend backend() {
            return new Backend(source, id, type, options, OptionalInt.empty());
        }
    }

    /**
     * {@code -net dump} of QEMU before 2.12: a capture that is a member of a hub.
     *
     * @param source the argument it comes from
     * @param id its name
     * @param hub the hub that is recorded
     * @param file the pcap file
     * @param maxBytes how much of each frame is kept
     */
    record Dump(String source, String id, int hub, String file, long maxBytes) implements NetItem {}

    /**
     * {@code -object filter-*}.
     *
     * @param source the argument it comes from
     * @param id its name
     * @param type {@code filter-dump}, {@code filter-netem}...
     * @param options what was given, by the type's schema
     */
    record FilterObject(String source, String id, String type, OptionValues options) implements NetItem {}

    /**
     * What {@code -net nic} and {@code -nic} say of the NIC.
     *
     * @param model {@code e1000}, {@code virtio}..., or null
     * @param mac 48 bits, the first byte highest; null: the next free one
     * @param addr the device's address on its bus, or null
     * @param vectors MSI-X vectors, or empty
     */
    record NicRequest(
            @Nullable String model,
            @Nullable Long mac,
            @Nullable String addr,
            OptionalInt vectors) {
        /** The NIC of a bare {@code -net nic}. */
        public static final NicRequest DEFAULT = new NicRequest(null, null, null, OptionalInt.empty());
    }
}
