package io.qnet.slirp.service;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The domain search list of DHCP option 119 (RFC 3397): names as in DNS messages, with compression (RFC 1035 §4.1.4) across the list. */
public final class DomainSearch {
    private static final int MAX_LABEL = 63;
    private static final int MAX_NAME = 255;
    private static final int MAX_POINTER = 0x3fff;

    private DomainSearch() {}

    /** The first of these names that is none (an empty label, a label over 63 bytes, a name over 255), if any. */
    public static Optional<String> firstInvalid(List<String> names) {
        return names.stream().filter(name -> labels(name).isEmpty()).findFirst();
    }

    /** The bytes of the list, to be split over as many options as it takes (RFC 3396). All names must be valid. */
    public static byte[] encode(List<String> names) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Map<List<String>, Integer> written = new HashMap<>();
        for (String name : names) {
            List<String> labels = labels(name);
            int i = 0;
            Integer pointer = null;
            while (i < labels.size() && pointer == null) {
                List<String> suffix = List.copyOf(labels.subList(i, labels.size()));
                pointer = written.get(suffix);
                if (pointer == null) {
                    if (bytes.size() <= MAX_POINTER) {
                        written.put(suffix, bytes.size());
                    }
                    byte[] label = labels.get(i).getBytes(StandardCharsets.UTF_8);
                    bytes.write(label.length);
                    bytes.writeBytes(label);
                    i++;
                }
            }
            if (pointer == null) {
                bytes.write(0);
            } else {
                bytes.write(0xc0 | pointer >> 8);
                bytes.write(pointer & 0xff);
            }
        }
        return bytes.toByteArray();
    }

    /** The bytes of the list without compression, as DHCPv6 has it (RFC 3646 §4, RFC 8415 §10). All names must be valid. */
    public static byte[] encodePlain(List<String> names) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String name : names) {
            for (String text : labels(name)) {
                byte[] label = text.getBytes(StandardCharsets.UTF_8);
                bytes.write(label.length);
                bytes.writeBytes(label);
            }
            bytes.write(0);
        }
        return bytes.toByteArray();
    }

    /** The labels of a name, a dot at its end left out; none if it is not a name. */
    private static List<String> labels(String name) {
        String relative = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        if (relative.isEmpty() || relative.getBytes(StandardCharsets.UTF_8).length > MAX_NAME - 2) {
            return List.of();
        }
        List<String> labels = new ArrayList<>(List.of(relative.split("\\.", -1)));
        for (String label : labels) {
            int length = label.getBytes(StandardCharsets.UTF_8).length;
            if (length == 0 || length > MAX_LABEL) {
                return List.of();
            }
        }
        return labels;
    }
}
