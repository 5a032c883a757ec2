package io.qnet.cli.monitor;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The bytes of one client, both ways. One thread reads while another writes; closing ends both. */
interface Link extends AutoCloseable {
    /** Reads what is there, waiting for something; -1 at the end. */
    int read(byte[] target) throws IOException;

    /** Where to write. */
    OutputStream output();

    @Override
    void close() throws IOException;

    /** A connected socket. */
    static Link of(SocketChannel socket) {
        return new Link() {
            @Override
            public int read(byte[] target) throws IOException {
                return socket.read(ByteBuffer.wrap(target));
            }

            @Override
            public OutputStream output() {
                return new SocketOutput(socket);
            }

            @Override
            public void close() throws IOException {
                socket.close();
            }
        };
    }

    /** The program's own streams, which are not closed. */
    static Link of(InputStream in, OutputStream out) {
        return new Link() {
            @Override
            public int read(byte[] target) throws IOException {
                return in.read(target);
            }

            @Override
            public OutputStream output() {
                return out;
            }

            @Override
            public void close() throws IOException {
                out.flush();
            }
        };
    }

    /** Writes to a socket without the lock that the JDK's own stream shares with reading. */
    final class SocketOutput extends OutputStream {
        private final SocketChannel socket;

        SocketOutput(SocketChannel socket) {
            this.socket = socket;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
            while (left.hasRemaining()) {
                socket.write(left);
            }
        }
    }
}
