package io.qnet.slirp.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class DomainSearchTest {
    @Test
    void suffixesAreWrittenOnce() {
        byte[] encoded = DomainSearch.encode(List.of("a.dom.example", "b.dom.example"));
        assertThat(HexFormat.of().formatHex(encoded)).isEqualTo("016103646f6d076578616d706c6500" + "0162c002");
    }

    @Test
    void aNameThatIsASuffixIsAPointerAlone() {
        byte[] encoded = DomainSearch.encode(List.of("x.org", "org", "x.org."));
        assertThat(HexFormat.of().formatHex(encoded)).isEqualTo("0178036f726700" + "c002" + "c000");
    }

    @Test
    void findsTheNameThatIsNone() {
        assertThat(DomainSearch.firstInvalid(List.of("a.b", "c"))).isEmpty();
        assertThat(DomainSearch.firstInvalid(List.of("a.b", "a..b"))).contains("a..b");
        assertThat(DomainSearch.firstInvalid(List.of(""))).contains("");
        assertThat(DomainSearch.firstInvalid(List.of("a." + "x".repeat(64)))).isPresent();
        assertThat(DomainSearch.firstInvalid(List.of("a." + "x".repeat(63)))).isEmpty();
        assertThat(DomainSearch.firstInvalid(List.of(("y".repeat(50) + ".").repeat(6))))
                .isPresent();
    }
}
