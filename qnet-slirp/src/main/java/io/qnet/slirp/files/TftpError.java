package io.qnet.slirp.files;

/**
 * An ERROR packet of TFTP (RFC 1350 §5).
 *
 * @param code the error code
 * @param message what the user is told, in libslirp's words where it has some
 */
record TftpError(int code, String message) {
    static final TftpError NOT_FOUND = new TftpError(1, "File not found");
    static final TftpError ACCESS_VIOLATION = new TftpError(2, "Access violation");
    static final TftpError DISK_FULL = new TftpError(3, "Disk full or allocation exceeded");
    static final TftpError UNSUPPORTED_MODE = new TftpError(4, "Unsupported transfer mode");
    static final TftpError ILLEGAL = new TftpError(4, "Illegal TFTP operation");
    static final TftpError EXISTS = new TftpError(6, "File already exists");
    static final TftpError UNREADABLE = new TftpError(0, "The file cannot be read any more");
    static final TftpError BUSY = new TftpError(0, "Too many files at once");
}
