package io.qnet.slirp.host;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Starting a program with a socket as its standard input, output and error, which the JDK cannot: posix_spawn(3) of glibc 2.34 or later. The program is the leader of a session of its own, blocks no signal,
 * and inherits no other descriptor.
 *
 * <p>Any thread; loading and starting block for a moment.
 */
final class SpawnCalls {
    /** The functions, as jnr-ffi binds them; those that say nothing else answer 0 or an error number; addresses are 64 bits. */
    public interface Calls {
        int posix_spawn_file_actions_init(long actions);

        int posix_spawn_file_actions_adddup2(long actions, int descriptor, int as);

        int posix_spawn_file_actions_addclosefrom_np(long actions, int from);

        int posix_spawn_file_actions_destroy(long actions);

        int posix_spawnattr_init(long attributes);

        int posix_spawnattr_setflags(long attributes, short flags);

        int posix_spawnattr_setsigdefault(long attributes, long signals);

        int posix_spawnattr_destroy(long attributes);

        int posix_spawnp(long pid, String file, long actions, long attributes, long arguments, long environment);

        /** The child's number once it has ended, 0 before, -1 if there is no such child. */
        int waitpid(int pid, long status, int options);

        int kill(int pid, int signal);

        int fcntl(int descriptor, int command, int argument);
    }

    static final int SIGTERM = 15;
    static final int SIGKILL = 9;

    private static final int SIGPIPE = 13;
    private static final int WNOHANG = 1;
    private static final int F_SETFL = 4;
    private static final short SETSIGDEF = 0x04;
    private static final short SETSIGMASK = 0x08;
    private static final short SETSID = 0x80;
    /** No smaller than posix_spawn_file_actions_t, posix_spawnattr_t and sigset_t. */
    private static final int STRUCT_BYTES = 512;

    private final Calls calls;
    private final Runtime runtime;

    private SpawnCalls(Calls calls) {
        this.calls = calls;
        runtime = Runtime.getRuntime(calls);
    }

    /**
     * Loads the library; blocks.
     *
     * @throws IOException if this system has no such calls
     */
    static SpawnCalls load() throws IOException {
        try {
            SpawnCalls made = new SpawnCalls(
                    LibraryLoader.create(Calls.class).failImmediately().load("c"));
            if (made.runtime.addressSize() != Long.BYTES) {
                throw new IOException("programs are started on 64-bit Linux only");
            }
            return made;
        } catch (LinkageError | RuntimeException e) {
            throw new IOException("programs are started on Linux with glibc 2.34 or later only", e);
        }
    }

    /**
     * Starts a program.
     *
     * @param command the program, looked up in PATH, and its arguments
     * @param descriptor what becomes its descriptors 0, 1 and 2; stays the caller's
     * @return its process id
     * @throws IOException if there is no such program or it cannot be started
     */
    int start(List<String> command, int descriptor) throws IOException {
        calls.fcntl(descriptor, F_SETFL, 0); // programs expect to wait
        Pointer actions = struct();
        Pointer attributes = struct();
        check(calls.posix_spawn_file_actions_init(actions.address()), "posix_spawn_file_actions_init");
        check(calls.posix_spawnattr_init(attributes.address()), "posix_spawnattr_init");
        try {
            for (int as = 0; as < 3; as++) {
                check(calls.posix_spawn_file_actions_adddup2(actions.address(), descriptor, as), "dup2");
            }
            check(calls.posix_spawn_file_actions_addclosefrom_np(actions.address(), 3), "closefrom");
            Pointer defaults = struct();
            defaults.putByte((SIGPIPE - 1) / 8, (byte) (1 << (SIGPIPE - 1) % 8));
            check(calls.posix_spawnattr_setsigdefault(attributes.address(), defaults.address()), "setsigdefault");
            check(
                    calls.posix_spawnattr_setflags(attributes.address(), (short) (SETSIGDEF | SETSIGMASK | SETSID)),
                    "setflags");
            return spawn(command, actions, attributes);
        } finally {
            calls.posix_spawn_file_actions_destroy(actions.address());
            calls.posix_spawnattr_destroy(attributes.address());
        }
    }

    private int spawn(List<String> command, Pointer actions, Pointer attributes) throws IOException {
        List<Pointer> kept = new ArrayList<>(); // alive until the call is over
        Pointer arguments = strings(command, kept);
        List<String> variables = new ArrayList<>();
        for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
            variables.add(variable.getKey() + "=" + variable.getValue());
        }
        Pointer environment = strings(variables, kept);
        Pointer pid = struct();
        int error;
        try {
            error = calls.posix_spawnp(
                    pid.address(),
                    command.get(0),
                    actions.address(),
                    attributes.address(),
                    arguments.address(),
                    environment.address());
        } finally {
            Reference.reachabilityFence(arguments);
            Reference.reachabilityFence(environment);
            Reference.reachabilityFence(kept);
        }
        if (error != 0) {
            throw new IOException("Failed to execute child process \"" + command.get(0) + "\" (error " + error + ")");
        }
        return pid.getInt(0);
    }

    /** Whether a child has ended; it is gone then. */
    boolean hasEnded(int pid) {
        return calls.waitpid(pid, 0, WNOHANG) != 0;
    }

    /** Sends a signal to a child and to what it has started. */
    void signal(int pid, int signal) {
        calls.kill(-pid, signal);
    }

    private Pointer struct() {
        return Memory.allocateDirect(runtime, STRUCT_BYTES, true);
    }

    private Pointer strings(List<String> texts, List<Pointer> kept) {
        int size = runtime.addressSize();
        Pointer array = Memory.allocateDirect(runtime, (texts.size() + 1) * size, true);
        for (int i = 0; i < texts.size(); i++) {
            byte[] bytes = texts.get(i).getBytes(StandardCharsets.UTF_8);
            Pointer text = Memory.allocateDirect(runtime, bytes.length + 1, true);
            text.put(0, bytes, 0, bytes.length);
            array.putPointer((long) i * size, text);
            kept.add(text);
        }
        return array;
    }

    private static void check(int error, String what) throws IOException {
        if (error != 0) {
            throw new IOException(what + ": error " + error);
        }
    }
}
