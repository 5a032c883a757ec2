package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.Port;
import io.qnet.SoftwareOffload;
import io.qnet.host.HostError;
import io.qnet.internal.socket.OutQueue;
import io.qnet.internal.socket.StreamSocket;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One connected stream of frames: takes what arrives apart, in place, and puts what is sent together.
 *
 * <p>Receiving: up to {@value #READ_BYTES} bytes a read into one buffer; each frame is lent to the network where it lies. When the network takes no more, the rest waits in the buffer and nothing is read.
 *
 * <p>Sending: frames are finished (segmented, summed) straight into the staging buffer behind their lengths, and written at the end of the turn, or when {@value #WRITE_BYTES} bytes have gathered. With
 * {@value #FULL_BYTES} bytes unwritten the connection is full; one more super-frame is the most that may exceed that.
 */
final class Connection implements StreamSocket.Handler {
    private static final int LENGTH_BYTES = 4;
    private static final int READ_BYTES = 128 << 10;
    private static final int BUFFER_BYTES = 256 << 10;
    private static final int WRITE_BYTES = 128 << 10;
    private static final int FULL_BYTES = 256 << 10;
    private static final int LARGEST_STAGING = 128 << 10;

    private @Nullable StreamDevice device;
    private final ByteBufAllocator allocator;
    private final Frame frame = new Frame();
    private final SoftwareOffload offload = new SoftwareOffload();
    private final OutQueue out;
    private @Nullable StreamSocket socket;
    private String infoText = "";

    private @Nullable ByteBuf in;
    /** The network has refused the frame at the buffer's reader index. */
    private boolean refused;

    private boolean delivering;

    private int unwritten;
    private boolean writeFailed;
    private boolean closed;

    Connection(ByteBufAllocator allocator) {
        this.allocator = allocator;
        out = new OutQueue(allocator, LARGEST_STAGING);
    }

    /** The socket, once it is known. */
    void attach(StreamSocket socket) {
        this.socket = socket;
    }

    /** The connection stands: from now on frames pass. */
    void start(StreamDevice owner, String infoText) {
        device = owner;
        this.infoText = infoText;
        openSocket().wantRead(true);
    }

    String infoText() {
        return infoText;
    }

    SocketAddress remoteAddress() {
        return openSocket().remoteAddress();
    }

    /** Whether so much is unwritten that frames are to wait. */
    boolean isFull() {
        return out.pendingBytes() >= FULL_BYTES;
    }

    /** Puts a frame behind what is to be written. */
    void send(Frame sent) {
        if (writeFailed || closed) {
            device().counters().dropDisconnected.increment();
            return;
        }
        if (!offload.begin(sent)) {
            device().counters().dropBadOffload.increment();
            return;
        }
        while (offload.isPending()) {
            int length = offload.nextLength();
            ByteBuf staging = out.staging(LENGTH_BYTES + length);
            staging.writeInt(length);
            offload.next(staging);
            out.staged(LENGTH_BYTES + length);
            unwritten += LENGTH_BYTES + length;
        }
        if (unwritten >= WRITE_BYTES) {
            write();
        }
    }

    /** Writes what was sent. */
    void flush() {
        if (unwritten > 0 && !closed) {
            writeAndWake();
        }
    }

    /** The network takes frames again. */
    void onSendable() {
        if (!refused) {
            return;
        }
        refused = false;
        if (!delivering && !closed) {
            deliver();
            if (!closed) {
                openSocket().wantRead(!refused);
            }
        }
    }

    /** Closes the socket; nobody is told. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        StreamSocket present = socket;
        if (present != null) {
            present.close();
        }
        out.release();
        ByteBuf buffer = in;
        if (buffer != null) {
            in = null;
            buffer.release();
        }
    }

    @Override
    public void onConnected() {
        // a connector's own handler is told
    }

    @Override
    public void onReadable() {
        if (closed || refused) {
            return;
        }
        ByteBuf buffer = readBuffer();
        int n;
        try {
            n = openSocket().read(buffer, buffer.writerIndex(), READ_BYTES);
        } catch (IOException e) {
            lost();
            return;
        }
        if (n < 0) {
            lost();
        } else if (n > 0) {
            buffer.writerIndex(buffer.writerIndex() + n);
            deliver();
            if (refused && !closed) {
                openSocket().wantRead(false);
            }
        }
    }

    @Override
    public void onWritable() {
        if (!closed) {
            writeAndWake();
        }
    }

    @Override
    public void onBroken(HostError error) {
        lost();
    }

    @Override
    public void onDeferred() {
        if (writeFailed) {
            lost();
        }
    }

    private void deliver() {
        delivering = true;
        while (!closed && !refused && deliverNext()) {
            // the next one
        }
        delivering = false;
        ByteBuf rest = in;
        if (rest != null && !rest.isReadable()) {
            rest.clear();
        }
    }

    /** Delivers the frame at the reader index; false if there is none, or it was refused or may not be. */
    private boolean deliverNext() {
        ByteBuf buffer = readBuffer();
        if (buffer.readableBytes() < LENGTH_BYTES) {
            return false;
        }
        int at = buffer.readerIndex();
        long length = buffer.getUnsignedInt(at);
        if (length > Port.MAX_FRAME_BYTES) {
            device().counters().inOversized.increment();
            device().warn("serious error: oversized packet received,connection terminated.");
            lost();
            return false;
        }
        if (buffer.readableBytes() < LENGTH_BYTES + length) {
            return false;
        }
        if (length == 0) {
            device().counters().inZeroLength.increment();
        } else {
            frame.clear().head(buffer, at + LENGTH_BYTES, (int) length);
            if (!device().deliver(frame)) {
                refused = true;
                return false;
            }
        }
        if (!closed) {
            buffer.skipBytes(LENGTH_BYTES + (int) length);
        }
        return true;
    }

    /** The buffer with room for a read behind what it holds, which is less than one frame. */
    private ByteBuf readBuffer() {
        ByteBuf buffer = in;
        if (buffer == null) {
            in = buffer = allocator.directBuffer(BUFFER_BYTES, BUFFER_BYTES);
        } else if (buffer.writableBytes() < READ_BYTES && !delivering) {
            buffer.discardReadBytes();
        }
        return buffer;
    }

    private void writeAndWake() {
        write();
        if (out.pendingBytes() <= FULL_BYTES / 2) {
            device().wakeSender();
        }
    }

    private void write() {
        unwritten = 0;
        try {
            openSocket().write(out, false);
        } catch (IOException e) {
            // not from within the call of whoever sends
            writeFailed = true;
            openSocket().defer();
        }
    }

    /** The stream has ended or broken: a frame that was begun is forgotten on both sides. */
    private void lost() {
        if (!closed) {
            close();
            if (device != null) {
                device.disconnected();
            }
        }
    }

    private StreamDevice device() {
        StreamDevice present = device;
        if (present == null) {
            throw new IllegalStateException("not started");
        }
        return present;
    }

    private StreamSocket openSocket() {
        StreamSocket present = socket;
        if (present == null) {
            throw new IllegalStateException("no socket");
        }
        return present;
    }
}
