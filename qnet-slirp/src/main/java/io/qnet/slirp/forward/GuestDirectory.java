package io.qnet.slirp.forward;

/** Finds guests by what they are called, for forwards that follow a guest to whatever address it has. Loop thread only. */
public interface GuestDirectory {
    /** The guest with this MAC address, in the 48 low bits. */
    GuestAddress byMac(long mac);

    /** The guest with this host name, whatever its case: that of its static lease, or the one that it told the DHCP server. */
    GuestAddress byName(String name);
}
