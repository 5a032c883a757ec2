package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Character devices; refusals were observed on QEMU 7.2. */
class ChardevSpecTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "bogus,id=x | 'bogus' is not a valid char driver name",
                "null | chardev: no id specified",
                "null,id=1x | Parameter 'id' expects an identifier",
                "null,id=n,foo=1 | Invalid parameter 'foo'",
                "file,id=f | chardev: file: no filename given",
                "pipe,id=p | chardev: pipe: no device path given",
                "socket,id=c | Unable to parse FD number ",
                "socket,id=c,host=127.0.0.1 | chardev: socket: no port given",
                "socket,id=c,host=1.1.1.1,port=1,path=/x | None or one of 'path', 'fd' or 'host' option required.",
                "socket,id=c,path=/tmp/y,reconnect=1,server=on | 'reconnect' option is incompatible with socket in server listen mode",
                "socket,id=c,path=/tmp/y,wait=off | 'wait' option is incompatible with socket in client connect mode",
            })
    void refusesInQemusWords(String argument, String message) {
        assertThatThrownBy(() -> ChardevSpec.parse(argument)).message().isEqualToIgnoringWhitespace(message);
    }

    @Test
    void readsEveryKind() {
        assertThat(ChardevSpec.parse("null,id=n")).isEqualTo(new ChardevSpec.Null("n"));
        assertThat(ChardevSpec.parse("stdio,id=s,signal=off")).isEqualTo(new ChardevSpec.Stdio("s"));
        assertThat(ChardevSpec.parse("file,id=f,path=/tmp/a,,b,append=on"))
                .isEqualTo(new ChardevSpec.File("f", "/tmp/a,b", true));
        assertThat(ChardevSpec.parse("pipe,id=p,path=/tmp/p")).isEqualTo(new ChardevSpec.Pipe("p", "/tmp/p"));
        assertThat(ChardevSpec.parse("socket,id=c,path=/tmp/c,server=on,wait=off"))
                .isEqualTo(new ChardevSpec.Socket("c", new SocketEndpoint.Unix("/tmp/c", false, true), true, false, 0));
    }

    @Test
    void readsTheShortForms() {
        assertThat(ChardevSpec.parseShort("stdio")).isEqualTo(new ChardevSpec.Stdio(""));
        assertThat(ChardevSpec.parseShort("mon:stdio")).isEqualTo(new ChardevSpec.Stdio(""));
        assertThat(ChardevSpec.parseShort("null")).isEqualTo(new ChardevSpec.Null(""));
        assertThat(ChardevSpec.parseShort("unix:/tmp/c,server,nowait"))
                .isEqualTo(new ChardevSpec.Socket("", new SocketEndpoint.Unix("/tmp/c", false, true), true, false, 0));
        assertThat(ChardevSpec.parseShort("tcp::4444,reconnect=3"))
                .isInstanceOfSatisfying(ChardevSpec.Socket.class, socket -> {
                    assertThat(socket.server()).isFalse();
                    assertThat(socket.reconnectSeconds()).isEqualTo(3);
                    assertThat(socket.address()).isInstanceOfSatisfying(SocketEndpoint.Inet.class, inet -> {
                        assertThat(inet.host()).isEmpty();
                        assertThat(inet.port()).isEqualTo("4444");
                    });
                });
        assertThatThrownBy(() -> ChardevSpec.parseShort("bogus")).hasMessage("'bogus' is not a valid char driver");
        assertThatThrownBy(() -> ChardevSpec.parseShort("tcp:foo")).hasMessage("parse error: tcp:foo");
    }
}
