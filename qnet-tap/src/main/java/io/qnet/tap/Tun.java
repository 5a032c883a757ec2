package io.qnet.tap;

import io.qnet.Offload;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
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

    /** The longest name of an interface. */
    static final int NAME_BYTES = 15;

    private static final long TUNSETIFF = 0x4004_54caL;
    private static final long TUNGETFEATURES = 0x8004_54cfL;
    private static final long TUNSETOFFLOAD = 0x4004_54d0L;
    private static final long TUNSETSNDBUF = 0x4004_54d4L;
    private static final long TUNSETVNETHDRSZ = 0x4004_54d8L;
    private static final int O_CLOEXEC = 0x80000;
    private static final int IFREQ_BYTES = 40;
    private static final int FLAGS_AT = 16;

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

    /** What an opened TAP turned out to be. {@code takes} is a set of {@code Offload.TAKES_…}. */
    record Opened(int fd, String name, boolean vnetHeader, int takes) {}

    /**
     * Opens a TAP as QEMU does ({@code tap_open} of {@code net/tap-linux.c}).
     *
     * @param pattern the name, or a pattern such as {@code tap%d}
     * @param vnetHeader whether frames carry a virtio-net header of 12 bytes; empty for: if the kernel has it
     * @param sendBufferBytes what the kernel keeps, 0 for no limit; empty for no limit, and no matter if the kernel cannot
     * @throws TapException with QEMU's text
     */
    static Opened open(String pattern, Optional<Boolean> vnetHeader, Optional<Integer> sendBufferBytes) {
        int fd = Loaded.LIBC.open("/dev/net/tun", OpenFlags.O_RDWR.intValue() | O_CLOEXEC);
        if (fd < 0) {
            throw new TapException("could not open /dev/net/tun: " + errorText());
        }
        boolean done = false;
        try {
            Opened opened = configure(fd, pattern, vnetHeader);
            setSendBuffer(fd, sendBufferBytes);
            done = true;
            return opened;
        } finally {
            if (!done) {
                Loaded.LIBC.close(fd);
            }
        }
    }

    private static Opened configure(int fd, String pattern, Optional<Boolean> vnetHeader) {
        int features = features(fd);
        boolean offered = (features & IFF_VNET_HDR) != 0;
        if (vnetHeader.orElse(false) && !offered) {
            throw new TapException("vnet_hdr=1 requested, but no kernel support for IFF_VNET_HDR available");
        }
        boolean vnet = vnetHeader.orElse(true) && offered;
        int flags = IFF_TAP | IFF_NO_PI | (features & IFF_ONE_QUEUE) | (vnet ? IFF_VNET_HDR : 0);
        byte[] request = new byte[IFREQ_BYTES];
        byte[] nameBytes = pattern.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(nameBytes, 0, request, 0, Math.min(nameBytes.length, NAME_BYTES));
        putShort(request, FLAGS_AT, flags);
        if (Loaded.LIBC.ioctl(fd, TUNSETIFF, request) != 0) {
            String shown = pattern.contains("%") ? "" : " (" + pattern + ")";
            throw new TapException("could not configure /dev/net/tun" + shown + ": " + errorText());
        }
        setNonBlocking(fd);
        int takes = Offload.TAKES_NOTHING;
        if (vnet) {
            setInt(fd, TUNSETVNETHDRSZ, VnetHeader.BYTES, "TUNSETVNETHDRSZ");
            takes = probeOffloads(fd);
        }
        return new Opened(fd, nameIn(request), vnet, takes);
    }

    /** What the kernel knows; UDP segmentation came with Linux 6.2. Nothing is left switched on. */
    private static int probeOffloads(int fd) {
        int takes = Offload.TAKES_ALL;
        if (Loaded.LIBC.ioctl(fd, TUNSETOFFLOAD, (long) takes) != 0) {
            takes &= ~(Offload.TAKES_USO4 | Offload.TAKES_USO6);
        }
        setOffload(fd, Offload.TAKES_NOTHING);
        return takes;
    }

    /** Says what the reader takes undone: frames read may then have open checksums and be super-frames. {@code takes} is a set of {@code Offload.TAKES_…}, whose bits are TUNSETOFFLOAD's. */
    static void setOffload(int fd, int takes) {
        int present = (takes & Offload.TAKES_CSUM) == 0 ? Offload.TAKES_NOTHING : takes;
        if (Loaded.LIBC.ioctl(fd, TUNSETOFFLOAD, (long) present) != 0) {
            throw new TapException("TUNSETOFFLOAD ioctl() failed: " + errorText());
        }
    }

    private static void setSendBuffer(int fd, Optional<Integer> bytes) {
        int value = bytes.filter(each -> each != 0).orElse(Integer.MAX_VALUE);
        byte[] argument = intBytes(value);
        if (Loaded.LIBC.ioctl(fd, TUNSETSNDBUF, argument) != 0 && bytes.isPresent()) {
            throw new TapException("TUNSETSNDBUF ioctl failed: " + errorText());
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
        if (Loaded.LIBC.ioctl(fd, request, intBytes(value)) != 0) {
            throw new TapException(what + " ioctl failed: " + errorText());
        }
    }

    private static byte[] intBytes(int value) {
        return new byte[] {(byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)};
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
