package io.qnet.option;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options that old versions of QEMU had for the user netdev outside of {@code -net user} (QEMU 2.11: net/slirp.c). Forwards go to the
 * first user netdev, folders and files to every one that has none of its own.
 */
final class LegacyUser {
    private static final String REDIR_SYNTAX = "syntax: -redir [tcp|udp]:host-port:[guest-host]:guest-port";

    private final List<String> hostForwards = new ArrayList<>();
    private final List<String> guestForwards = new ArrayList<>();
    private @Nullable String tftp;
    private @Nullable String bootfile;
    private @Nullable String smb;

    /** {@code -redir [tcp|udp]:host-port:[guest-host]:guest-port}. */
    void redirect(String rule) {
        String[] parts = rule.split(":", -1);
        if (parts.length != 4) {
            throw new OptionException(REDIR_SYNTAX);
        }
        String modern = parts[0] + "::" + parts[1] + "-" + parts[2] + ":" + parts[3];
        try {
            HostForward.parse(modern);
        } catch (OptionException e) {
            throw OptionException.of(REDIR_SYNTAX, "redir", rule);
        }
        hostForwards.add(modern);
    }

    /** {@code -net channel,port:chardev}. */
    void channel(String rule) {
        int colon = rule.indexOf(':');
        String modern = colon < 0 ? rule : "tcp::" + rule.substring(0, colon) + "-" + rule.substring(colon + 1);
        try {
            GuestForward.parse(modern);
        } catch (OptionException e) {
            throw OptionException.of("Invalid guest forwarding rule '" + rule + "'", "channel", rule);
        }
        guestForwards.add(modern);
    }

    void tftp(String folder) {
        tftp = folder;
    }

    void bootp(String file) {
        bootfile = file;
    }

    void smb(String folder) {
        if (smb != null) {
            throw new OptionException("-smb given twice");
        }
        smb = folder;
    }

    List<NetItem> applyTo(List<NetItem> items) {
        List<NetItem> changed = new ArrayList<>();
        boolean first = true;
        for (NetItem item : items) {
            if (item instanceof NetItem.Backend user && user.type().equals("user")) {
                OptionValues options = extended(user.options(), first);
                changed.add(new NetItem.Backend(user.source(), user.id(), "user", options, user.hub()));
                first = false;
            } else if (item instanceof NetItem.DirectNic user && user.type().equals("user")) {
                OptionValues options = extended(user.options(), first);
                changed.add(new NetItem.DirectNic(user.source(), user.id(), "user", options, user.nic()));
                first = false;
            } else {
                changed.add(item);
            }
        }
        return changed;
    }

    private OptionValues extended(OptionValues options, boolean first) {
        OptionValues result = options;
        if (tftp != null) {
            result = result.withDefault("tftp", tftp);
        }
        if (bootfile != null) {
            result = result.withDefault("bootfile", bootfile);
        }
        if (smb != null) {
            result = result.withDefault("smb", smb);
        }
        if (!first) {
            return result;
        }
        for (String rule : hostForwards) {
            result = result.withAdded("hostfwd", rule);
        }
        for (String rule : guestForwards) {
            result = result.withAdded("guestfwd", rule);
        }
        return result;
    }
}
