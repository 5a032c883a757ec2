package io.qnet.tap;

import io.qnet.Offload;
import java.nio.charset.StandardCharsets;
import jnr.constants.platform.Errno;
import jnr.constants.platform.Fcntl;
import jnr.constants.platform.OpenFlags;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Variadic;
import jnr.ffi.types.u_int64_t;

/**
 * The system calls that a TAP needs: open, ioctl, fcntl. Loaded at first use, which costs some 300 ms once a process; every call blocks for as long as the kernel takes (microseconds).
 *
 * <p>Source: Linux {@code include/uapi/linux/if_tun.h}, {@code if.h}; QEMU {@code net/tap-linux.c}.
 */
final class Tun {
    static final int IFF_TAP = 0x0002;
    static final int IFF_NO_PI = 0x1000;
    static final int IFF_ONE_QUEUE = 0x2000;
    static final int IFF_VNET_HDR = 0x4000;
    static final int IFF_MULTI_QUEUE = 0x0100;

    /** The longest name of an interface. */
    static final int NAME_BYTES = 15;

    private static final long TUNSETIFF = 0x4004_54caL;
    private static final long TUNGETFEATURES = 0x8004_54cfL;
    private static final long TUNSETOFFLOAD = 0x4004_54d0L;
    private static final long TUNSETSNDBUF = 0x4004_54d4L;
    private static final long TUNSETVNETHDRSZ = 0x4004_54d8L;
    private static final int IFREQ_BYTES = 40;

    private Tun() {}

    /** The part of libc that is used. */
    public interface Libc {
        /** open(2). */
        int open(CharSequence path, int flags);

        /** close(2). */
        int close(int fd);

        /** ioctl(2) with a structure. */
        int ioctl(int fd, @u_int64_t long request, @In @Out byte[] argument);

        /** ioctl(2) with a number. */
        int ioctl(int fd, @u_int64_t long request, @u_int64_t long argument);

        /** fcntl(2). */
        @Variadic(fixedCount = 2)
        int fcntl(int fd, int command, int argument);
    }

    private static final class Loaded {
        static final Libc LIBC = LibraryLoader.create(Libc.class).load("c");
    }

    /** What an opened TAP turned out to be. */
    record Opened(int fd, String name, boolean vnetHeader) {}

    /**
     * Opens a TAP as QEMU does ({@code tap_open} of {@code net/tap-linux.c}).
     *
     * @param pattern the name, or a pattern such as {@code tap%d}
     * @param vnetHeader whether frames carry a virtio-net header of 12 bytes
     * @throws TapException with QEMU's text
     */
    static Opened open(String pattern, boolean vnetHeader, boolean multiQueue) {
        int fd = Loaded.LIBC.open("/dev/net/tun", OpenFlags.O_RDWR.intValue() | 0x80000 /* O_CLOEXEC */);
        if (fd < 0) {
            throw new TapException("could not open /dev/net/tun: " + errorText());
        }
        boolean done = false;
        try {
            String name = configure(fd, pattern, vnetHeader, multiQueue);
            done = true;
            return new Opened(fd, name, vnetHeader);
        } finally {
            if (!done) {
                Loaded.LIBC.close(fd);
            }
        }
    }

    private static String configure(int fd, String pattern, boolean vnetHeader, boolean multiQueue) {
        int features = features(fd);
        if (vnetHeader && (features & IFF_VNET_HDR) == 0) {
            throw new TapException("vnet_hdr=1 requested, but no kernel support for IFF_VNET_HDR available");
        }
        int flags = IFF_TAP | IFF_NO_PI | (features & IFF_ONE_QUEUE);
        flags |= vnetHeader ? IFF_VNET_HDR : 0;
        flags |= multiQueue ? IFF_MULTI_QUEUE : 0;
        byte[] request = new byte[IFREQ_BYTES];
        byte[] nameBytes = pattern.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(nameBytes, 0, request, 0, Math.min(nameBytes.length, NAME_BYTES));
        putShort(request, 16, flags);
        if (Loaded.LIBC.ioctl(fd, TUNSETIFF, request) != 0) {
            String shown = pattern.contains("%") ? "" : " (" + pattern + ")";
            throw new TapException("could not configure /dev/net/tun" + shown + ": " + errorText());
        }
        setNonBlocking(fd);
        if (vnetHeader) {
            setInt(fd, TUNSETVNETHDRSZ, VnetHeader.BYTES, "TUNSETVNETHDRSZ");
        }
        setInt(fd, TUNSETSNDBUF, Integer.MAX_VALUE, "TUNSETSNDBUF");
        return nameIn(request);
    }

    /** Says what the reader takes undone: frames read may then have open checksums and be super-frames. {@code takes} is a set of {@code Offload.TAKES_…}, whose bits are TUNSETOFFLOAD's. */
    static void setOffload(int fd, int takes) {
        int present = (takes & Offload.TAKES_CSUM) == 0 ? Offload.TAKES_NOTHING : takes;
        if (Loaded.LIBC.ioctl(fd, TUNSETOFFLOAD, (long) present) == 0) {
            return;
        }
        int withoutUso = present & ~(Offload.TAKES_USO4 | Offload.TAKES_USO6); // Linux before 6.2
        if (Loaded.LIBC.ioctl(fd, TUNSETOFFLOAD, (long) withoutUso) != 0) {
            throw new TapException("TUNSETOFFLOAD ioctl() failed: " + errorText());
        }
    }

    static void setNonBlocking(int fd) {
        int flags = Loaded.LIBC.fcntl(fd, Fcntl.F_GETFL.intValue(), 0);
        if (flags < 0 || Loaded.LIBC.fcntl(fd, Fcntl.F_SETFL.intValue(), flags | OpenFlags.O_NONBLOCK.intValue()) < 0) {
            throw new TapException("could not make the TAP non-blocking: " + errorText());
        }
    }

    private static int features(int fd) {
        byte[] value = new byte[4];
        if (Loaded.LIBC.ioctl(fd, TUNGETFEATURES, value) != 0) {
            return IFF_VNET_HDR; // as QEMU: a kernel too old to ask
        }
        return (value[0] & 0xff) | (value[1] & 0xff) << 8;
    }

    private static void setInt(int fd, long request, int value, String what) {
        byte[] argument = {(byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)};
        if (Loaded.LIBC.ioctl(fd, request, argument) != 0) {
            throw new TapException(what + " ioctl failed: " + errorText());
        }
    }

    private static void putShort(byte[] target, int at, int value) {
        target[at] = (byte) value;
        target[at + 1] = (byte) (value >>> 8);
    }

    private static String nameIn(byte[] request) {
        int length = 0;
        while (length < NAME_BYTES && request[length] != 0) {
            length++;
        }
        return new String(request, 0, length, StandardCharsets.UTF_8);
    }

    private static String errorText() {
        Errno errno = Errno.valueOf(Runtime.getSystemRuntime().getLastError());
        return errno.description();
    }
}
