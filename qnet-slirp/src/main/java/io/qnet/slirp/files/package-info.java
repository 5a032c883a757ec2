/**
 * Files of the host that guests may have: by TFTP (RFC 1350 and its options), and by SMB through samba. Transfers are pure engines; what opens, reads and writes files runs on the executor of blocking work.
 */
@NullMarked
package io.qnet.slirp.files;

import org.jspecify.annotations.NullMarked;
