package io.qnet.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A guest's connection as the JDK's streams. */
final class GuestStreams {
    private GuestStreams() {}

    static final class Input extends InputStream {
        private final GuestTcp connection;

        Input(GuestTcp connection) {
            this.connection = connection;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int at, int length) throws IOException {
            try {
                return connection.read(target, at, length);
            } catch (GuestException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    static final class Output extends OutputStream {
        private final GuestTcp connection;

        Output(GuestTcp connection) {
            this.connection = connection;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                connection.write(bytes, from, length);
            } catch (GuestException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() {
            connection.shutdownOutput();
        }
    }
}
