package io.qnet.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * On a JUnit test class: after each test nothing may be left behind of what {@link LeakCheck} knows, and of a test that fails the frames of its guests are kept as pcap files, whose paths are published as
 * report entries {@code pcap}. They are written to the folder of the system property {@code qnet.failures}, {@code target/qnet-failures} by default.
 *
 * <p>What the test's fields hold counts from before the instance was made; with one instance for all tests of a class the check is made once, at the end.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(LeakExtension.class)
public @interface CheckLeaks {}
