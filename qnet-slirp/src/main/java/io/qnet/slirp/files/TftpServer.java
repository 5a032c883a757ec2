package io.qnet.slirp.files;

import io.netty.buffer.ByteBuf;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.slirp.udp.Datagram;
import io.qnet.slirp.udp.DatagramHandler;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The TFTP server on the gateway's UDP port 69 (RFC 1350, RFC 2347 to 2349, RFC 7440), of either family. Like libslirp's it answers from port 69 itself. Beyond libslirp: acknowledgements are checked, what
 * is lost is sent again, windows, files of any size, and nothing outside the folder.
 *
 * <p>Loop thread only; files are opened, read and written by the executor of blocking work.
 */
public final class TftpServer implements DatagramHandler {
    /** The port of servers. */
    public static final int PORT = 69;
    /** The most files at once; the one idle for longest makes room if it has been so for {@value #IDLE_SECONDS} s. */
    static final int MAX_TRANSFERS = 64;

    private static final int IDLE_SECONDS = 5;
    private static final long IDLE_NANOS = IDLE_SECONDS * 1_000_000_000L;
    /** The most bytes between two acknowledgements. */
    private static final int MAX_WINDOW_BYTES = 256 << 10;
    /** What a packet carries besides the block: IPv6, UDP and TFTP headers, and 20 bytes to spare; of 1500 bytes 1428 are left, as libslirp has it. */
    private static final int OVERHEAD = 72;

    /** The most bytes of a file that a guest writes. */
    private static final long MAX_WRITTEN = 4L << 30;

    private static final int DATA = 3;
    private static final int ACK = 4;
    private static final int ERROR = 5;
    private static final int OPTIONS = 6;
    private static final int HEADER_LENGTH = 4;

    private final GuestNetwork network;
    private final @Nullable TftpFolder folder;
    private final int maxBlock;
    private final UdpOutput output;
    private final Loop loop;
    /** In the order of their last packet. */
    private final Map<Guest, Transfer> transfers = new LinkedHashMap<>(16, 0.75f, true);

    private final Counter requests;
    private final Counter refused;
    private final Counter completed;
    private final Counter failed;
    private final Counter malformed;

    /**
     * A server.
     *
     * @param folder the files, or null if every request is to be refused
     * @param mtu the most bytes of one IP packet
     */
    public TftpServer(
            GuestNetwork network,
            @Nullable TftpFolder folder,
            int mtu,
            UdpOutput output,
            Loop loop,
            Counters counters) {
        this.network = network;
        this.folder = folder;
        this.output = output;
        this.loop = loop;
        maxBlock = Math.max(TftpTransfer.DEFAULT_BLOCK / 64, mtu - OVERHEAD);
        requests = counters.counter("tftp.requests");
        refused = counters.counter("tftp.refused");
        completed = counters.counter("tftp.completed");
        failed = counters.counter("tftp.failed");
        malformed = counters.counter("drop.tftp-malformed");
    }

    /** One end of a transfer: where its packets come from, and where they go to. */
    private record Guest(IpAddress address, int port, IpAddress server) {}

    @Override
    public boolean onDatagram(Datagram datagram, long nowNanos) {
        if (datagram.destinationPort() != PORT || !network.isHost(datagram.destination())) {
            return false;
        }
        Guest guest = new Guest(datagram.source(), datagram.sourcePort(), datagram.destination());
        int length = datagram.payloadLength();
        if (length < HEADER_LENGTH || guest.port() == 0 || guest.address().equals(IpAddress.ANY4)) {
            malformed.increment();
            return true;
        }
        int at = datagram.payloadIndex();
        int operation = datagram.data().getUnsignedShort(at);
        if (operation == TftpRequest.READ || operation == TftpRequest.WRITE) {
            request(guest, TftpRequest.read(datagram.data(), at, length), nowNanos);
            return true;
        }
        Transfer transfer = transfers.get(guest);
        if (transfer != null) {
            transfer.onPacket(operation, datagram.data(), at, length, nowNanos);
        } else if (operation != ACK && operation != ERROR) {
            malformed.increment();
        }
        return true;
    }

    private void request(Guest guest, TftpRequest request, long nowNanos) {
        requests.increment();
        Transfer former = transfers.get(guest);
        if (former != null) {
            if (former.isSameBeginning(request)) {
                return; // the request was sent again before its answer arrived
            }
            former.drop();
        }
        TftpError refusal = request.refusal();
        TftpFolder from = folder;
        if (refusal != null || from == null) {
            refuse(guest, refusal == null ? TftpError.ACCESS_VIOLATION : refusal);
        } else if (!hasRoom(nowNanos)) {
            refuse(guest, TftpError.BUSY);
        } else {
            new Transfer(guest, request, nowNanos).open(from);
        }
    }

    private boolean hasRoom(long nowNanos) {
        if (transfers.size() < MAX_TRANSFERS) {
            return true;
        }
        Transfer oldest = transfers.values().iterator().next();
        if (nowNanos - oldest.lastPacketNanos < IDLE_NANOS) {
            return false;
        }
        oldest.drop();
        return true;
    }

    private void refuse(Guest guest, TftpError error) {
        refused.increment();
        sendError(guest, error);
    }

    private void sendError(Guest guest, TftpError error) {
        OutPacket out = output.begin(guest.server(), guest.address());
        ByteBuf head = out.head();
        int at = UdpOutput.payloadIndex(out);
        byte[] message = error.message().getBytes(StandardCharsets.US_ASCII);
        head.setShort(at, ERROR);
        head.setShort(at + 2, error.code());
        head.setBytes(at + HEADER_LENGTH, message);
        head.setByte(at + HEADER_LENGTH + message.length, 0);
        send(out, guest, HEADER_LENGTH + message.length + 1);
    }

    private void send(OutPacket out, Guest guest, int length) {
        output.finish(out, guest.server(), PORT, guest.address(), guest.port(), length);
    }

    /** Ends every transfer and closes its file. */
    public void close() {
        for (Transfer transfer : transfers.values().toArray(new Transfer[0])) {
            transfer.drop();
        }
    }

    /** A transfer with its file, its timer and its place in the table. */
    private final class Transfer implements TftpTransfer.Effects {
        private final Guest guest;
        private final TftpRequest request;
        private final Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                Transfer.this.onTimer(nowNanos);
            }
        };
        private long lastPacketNanos;
        private TftpFolder.@Nullable Opened file;
        private @Nullable TftpTransfer engine;
        private byte[] options = {};
        private boolean isAtWork;
        private boolean isOver;
        /** All of a file that a guest wrote is there, whatever happens to the last acknowledgement. */
        private boolean isWritten;

        private boolean hasProgressed;

        Transfer(Guest guest, TftpRequest request, long nowNanos) {
            this.guest = guest;
            this.request = request;
            lastPacketNanos = nowNanos;
            transfers.put(guest, this);
        }

        /** Whether this is the request that began this transfer, of which nothing has been acknowledged yet. */
        boolean isSameBeginning(TftpRequest again) {
            return !hasProgressed && request.equals(again);
        }

        void open(TftpFolder from) {
            isAtWork = true;
            loop.<TftpFolder.Opened>runBlocking(
                    () -> request.isWrite() ? from.openToWrite(request.name()) : from.openToRead(request.name()),
                    (opened, failure) -> {
                        isAtWork = false;
                        file = opened;
                        opened(opened, failure);
                    });
        }

        private void opened(TftpFolder.@Nullable Opened opened, @Nullable Throwable failure) {
            if (isOver) {
                closeFile();
            } else if (opened != null) {
                TftpTransfer made = engine(opened);
                engine = made;
                made.begin(loop.nowNanos());
                arm();
            } else {
                refuse(
                        guest,
                        failure instanceof TftpFolder.RefusedException refusal
                                ? refusal.error()
                                : TftpError.UNREADABLE);
                drop();
            }
        }

        private TftpTransfer engine(TftpFolder.Opened opened) {
            int block = (int) Math.min(maxBlock, request.option(TftpRequest.BLOCK_SIZE, 0));
            int blockSize = block == 0 ? TftpTransfer.DEFAULT_BLOCK : block;
            int window = (int)
                    Math.min(request.option(TftpRequest.WINDOW_SIZE, 1), Math.max(1, MAX_WINDOW_BYTES / blockSize));
            options = options(opened.size(), block, window);
            return request.isWrite()
                    ? new TftpReceiver(request, MAX_WRITTEN, blockSize, window, this)
                    : new TftpSender(request, opened.size(), blockSize, window, this);
        }

        /** The payload that acknowledges the options, in the order asked (RFC 2347). */
        private byte[] options(long size, int block, int window) {
            StringBuilder text = new StringBuilder();
            for (TftpRequest.Option option : request.options()) {
                long value = switch (option.name()) {
                    case TftpRequest.BLOCK_SIZE -> block;
                    case TftpRequest.WINDOW_SIZE -> window;
                    case TftpRequest.TRANSFER_SIZE -> option.value() == 0 && !request.isWrite() ? size : option.value();
                    default -> option.value();
                };
                text.append(option.name()).append('\0').append(value).append('\0');
            }
            return text.toString().getBytes(StandardCharsets.US_ASCII);
        }

        void onPacket(int operation, ByteBuf data, int at, int length, long nowNanos) {
            lastPacketNanos = nowNanos;
            TftpTransfer running = engine;
            if (operation == ERROR) {
                drop();
            } else if (running != null) {
                hasProgressed = true;
                int block = data.getUnsignedShort(at + 2);
                if (operation == ACK) {
                    running.onAck(block, nowNanos);
                } else if (operation == DATA && running instanceof TftpReceiver receiver) {
                    byte[] bytes = new byte[length - HEADER_LENGTH];
                    data.getBytes(at + HEADER_LENGTH, bytes);
                    receiver.onData(block, bytes, nowNanos);
                } else {
                    malformed.increment();
                }
                arm();
            }
        }

        private void onTimer(long nowNanos) {
            if (engine != null) {
                engine.onTimer(nowNanos);
                arm();
            }
        }

        private void arm() {
            if (isOver || engine == null || !engine.isWaiting()) {
                loop.timers().cancel(timer);
            } else {
                loop.timers().arm(timer, engine.deadlineNanos());
            }
        }

        /** Ends it without a word. */
        void drop() {
            if (engine != null) {
                engine.end(false);
            }
            ended(false);
        }

        @Override
        public void ended(boolean whole) {
            if (isOver) {
                return;
            }
            isOver = true;
            loop.timers().cancel(timer);
            transfers.remove(guest, this);
            (whole || isWritten ? completed : failed).increment();
            if (!isAtWork) {
                closeFile();
            }
        }

        /** Closes the file; what a guest did not finish to write goes. */
        private void closeFile() {
            TftpFolder.Opened opened = file;
            file = null;
            if (opened == null) {
                return;
            }
            loop.runBlocking(
                    () -> {
                        opened.channel().close();
                        return request.isWrite() && !isWritten && Files.deleteIfExists(opened.path());
                    },
                    (deleted, failure) -> {
                        if (failure != null) {
                            loop.taskFailed(TftpServer.this, failure);
                        }
                    });
        }

        @Override
        public void sendData(int block, byte[] bytes, int offset, int length) {
            OutPacket out = output.begin(guest.server(), guest.address());
            int at = UdpOutput.payloadIndex(out);
            out.head().setShort(at, DATA).setShort(at + 2, block).setBytes(at + HEADER_LENGTH, bytes, offset, length);
            send(out, guest, HEADER_LENGTH + length);
        }

        @Override
        public void sendAck(int block) {
            OutPacket out = output.begin(guest.server(), guest.address());
            int at = UdpOutput.payloadIndex(out);
            out.head().setShort(at, ACK).setShort(at + 2, block);
            send(out, guest, HEADER_LENGTH);
        }

        @Override
        public void sendOptions() {
            OutPacket out = output.begin(guest.server(), guest.address());
            int at = UdpOutput.payloadIndex(out);
            out.head().setShort(at, OPTIONS).setBytes(at + 2, options);
            send(out, guest, 2 + options.length);
        }

        @Override
        public void sendError(TftpError error) {
            TftpServer.this.sendError(guest, error);
        }

        @Override
        public void load(long position, byte[] into, int length) {
            FileChannel channel = channel();
            isAtWork = true;
            loop.<Integer>runBlocking(() -> read(channel, position, into, length), (count, failure) -> {
                isAtWork = false;
                if (isOver) {
                    closeFile();
                } else if (engine instanceof TftpSender sender) {
                    if (count == null) {
                        sender.loadFailed();
                    } else {
                        sender.loaded(count, loop.nowNanos());
                    }
                    arm();
                }
            });
        }

        @Override
        public void store(long position, byte[] from, int length, boolean isLast) {
            FileChannel channel = channel();
            isAtWork = true;
            loop.<Integer>runBlocking(() -> write(channel, position, from, length, isLast), (count, failure) -> {
                isAtWork = false;
                isWritten = isLast && count != null;
                if (isOver) {
                    closeFile();
                } else if (engine instanceof TftpReceiver receiver) {
                    if (count == null) {
                        receiver.storeFailed();
                    } else {
                        receiver.stored(loop.nowNanos());
                    }
                    arm();
                }
            });
        }

        private FileChannel channel() {
            TftpFolder.Opened opened = file;
            if (opened == null) {
                throw new IllegalStateException("no file");
            }
            return opened.channel();
        }
    }

    /** Reads until the buffer is full or the file ends. */
    private static int read(FileChannel channel, long position, byte[] into, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(into, 0, length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                break;
            }
        }
        return buffer.position();
    }

    private static int write(FileChannel channel, long position, byte[] from, int length, boolean isLast)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(from, 0, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer, position + buffer.position());
        }
        if (isLast) {
            channel.force(true);
        }
        return length;
    }
}
