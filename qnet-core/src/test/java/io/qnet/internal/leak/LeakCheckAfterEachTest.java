package io.qnet.internal.leak;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/** Fails whichever test of this module leaves something behind. Found by JUnit by itself ({@code META-INF/services}); the testkit does the same for the modules that may use it. */
public final class LeakCheckAfterEachTest
        implements TestInstancePreConstructCallback, AfterEachCallback, AfterAllCallback {
    private static final String BEFORE = "holdings";

    /** The fields of a test's instance count as its own: what there is before they are made is kept with the test. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
        store(context).computeIfAbsent(BEFORE, key -> Holdings.now());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        verify(context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        verify(context);
    }

    private static void verify(ExtensionContext context) {
        Holdings before = store(context).remove(BEFORE, Holdings.class);
        if (before != null) {
            assertThat(before.leftAfterWaiting()).as("left behind").isEmpty();
        }
    }

    private static ExtensionContext.Store store(ExtensionContext context) {
        return context.getStore(ExtensionContext.Namespace.create(LeakCheckAfterEachTest.class));
    }
}
