package io.qnet;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The boundaries between modules and packages. This module sees all that are published. */
@Tag("architecture")
class ArchitectureTest {
    private static final JavaClasses QNET = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.qnet");

    private static final String[] NETDEVS = {"io.qnet.slirp", "io.qnet.socket", "io.qnet.tap"};

    /** Packages whose classes are told the time, and reach the host through {@code io.qnet.host} alone. */
    private static final String[] PURE = {
        "io.qnet.wire..",
        "io.qnet.slirp.ip..",
        "io.qnet.slirp.tcp..",
        "io.qnet.slirp.udp..",
        "io.qnet.slirp.icmp..",
        "io.qnet.slirp.service.."
    };

    private static final Set<String> CLOCKS = Set.of(
            "java.lang.System.nanoTime",
            "java.lang.System.currentTimeMillis",
            "java.time.Instant.now",
            "java.time.LocalDateTime.now",
            "java.lang.Math.random");

    @Test
    void everyModuleIsSeen() {
        List<String> modules = List.of("io.qnet.slirp", "io.qnet.socket", "io.qnet.tap", "io.qnet.testkit", "io.qnet");
        for (String module : modules) {
            assertThat(QNET.containPackage(module)).as(module).isTrue();
        }
    }

    @Test
    void netdevsDoNotKnowEachOther() {
        for (String one : NETDEVS) {
            for (String other : NETDEVS) {
                if (!one.equals(other)) {
                    check(noClasses()
                            .that()
                            .resideInAPackage(one + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage(other + ".."));
                }
            }
        }
    }

    @Test
    void coreKnowsNoOtherModule() {
        check(noClasses()
                .that(areIn("io.qnet")
                        .and(DescribedPredicate.not(resideInAnyPackage(
                                "io.qnet.slirp..",
                                "io.qnet.socket..",
                                "io.qnet.tap..",
                                "io.qnet.testkit..",
                                "io.qnet.cli.."))))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.qnet.slirp..", "io.qnet.socket..", "io.qnet.tap..", "io.qnet.testkit..", "io.qnet.cli.."));
    }

    @Test
    void theTestkitKnowsTheCoreAlone() {
        check(noClasses()
                .that()
                .resideInAPackage("io.qnet.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.qnet.slirp..", "io.qnet.socket..", "io.qnet.tap..", "io.qnet.cli.."));
    }

    @Test
    void netdevsDoNotKnowTheTestkit() {
        check(noClasses()
                .that()
                .resideInAnyPackage("io.qnet.slirp..", "io.qnet.socket..", "io.qnet.tap..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.qnet.testkit.."));
    }

    @Test
    void nothingPublishedKnowsTheProgramOrItsTests() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.qnet.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.qnet.cli..", "io.qnet.it..", "io.qnet.bench.."));
    }

    @Test
    void packagesAreFreeOfCycles() {
        check(slices().matching("(io.qnet..)").should().beFreeOfCycles());
    }

    @Test
    void everyPackageIsNullMarked() {
        for (JavaPackage each : QNET.getPackage("io.qnet").getSubpackagesInTree()) {
            if (!each.getClasses().isEmpty()) {
                assertThat(each.isAnnotatedWith(NullMarked.class))
                        .as("package-info.java of %s", each.getName())
                        .isTrue();
            }
        }
    }

    @Test
    void engineStateIsPure() {
        check(noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .callMethodWhere(describe(
                        "it reads a clock",
                        call -> CLOCKS.contains(call.getTargetOwner().getName() + "."
                                + call.getTarget().getName())))
                .orShould()
                .dependOnClassesThat(effectful()));
    }

    @Test
    void onlyOptionsParseJson() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("io.qnet.option..", "io.qnet.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.fasterxml.jackson.."));
    }

    @Test
    void nativeCodeStaysAtTheHostsEdge() {
        check(noClasses()
                .that()
                .resideInAPackage("io.qnet.slirp..")
                .and()
                .resideOutsideOfPackage("io.qnet.slirp.host..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel.epoll..", "io.netty.channel.unix..", "jnr.."));
    }

    @Test
    void onlyTheProgramWritesToItsStreams() {
        check(noClasses().that().resideOutsideOfPackage("io.qnet.cli..").should(ACCESS_STANDARD_STREAMS));
    }

    @Test
    void signaturesNameFewForeignTypes() {
        check(classes()
                .that()
                .arePublic()
                .and()
                .resideOutsideOfPackages("..internal..", "io.qnet.cli..")
                .should(new ForeignTypesInSignatures()));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(QNET);
    }

    private static DescribedPredicate<JavaClass> areIn(String root) {
        return resideInAPackage(root + "..");
    }

    /** What an engine must not touch: threads, randomness, sockets, files, processes, loggers, event loops. */
    private static DescribedPredicate<JavaClass> effectful() {
        Set<Class<?>> types = Set.of(
                Thread.class,
                Process.class,
                ProcessBuilder.class,
                System.Logger.class,
                java.time.Clock.class,
                java.security.SecureRandom.class,
                java.util.Random.class,
                java.util.Timer.class,
                java.util.concurrent.ThreadLocalRandom.class,
                java.net.Socket.class,
                java.net.ServerSocket.class,
                java.net.DatagramSocket.class,
                java.nio.file.Files.class,
                java.io.RandomAccessFile.class,
                java.io.FileInputStream.class,
                java.io.FileOutputStream.class);
        return describe(
                "have effects (threads, randomness, sockets, files, processes, loggers, loops)",
                type -> types.stream().anyMatch(type::isEquivalentTo)
                        || resideInAnyPackage(
                                        "java.nio.channels..",
                                        "java.util.concurrent.locks..",
                                        "java.util.logging..",
                                        "org.slf4j..",
                                        "io.netty.channel..",
                                        "io.netty.util.internal.logging..",
                                        "jnr..",
                                        "org.pcap4j..")
                                .test(type)
                        || type.isAssignableTo(java.util.concurrent.Executor.class));
    }
}
