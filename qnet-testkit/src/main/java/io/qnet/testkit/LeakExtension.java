package io.qnet.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/**
 * What {@link CheckLeaks} does. Named in {@code META-INF/services/org.junit.jupiter.api.extension.Extension} of a project's tests, with JUnit's parameter {@code
 * junit.jupiter.extensions.autodetection.enabled=true}, it does so for every test there is.
 */
public final class LeakExtension implements TestInstancePreConstructCallback, AfterEachCallback, AfterAllCallback {
    private static final String FOLDER = "qnet.failures";
    private static final String BEFORE = "before";

    /** Made by JUnit. */
    public LeakExtension() {}

    /** What there is before a test's instance is made is kept with the test; with one instance for a whole class, with the class. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
        GuestRegistry.clear();
        store(context).computeIfAbsent(BEFORE, key -> LeakCheck.begin());
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        if (context.getExecutionException().isPresent()) {
            keepFrames(context);
        }
        verify(context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        verify(context);
    }

    private static void verify(ExtensionContext context) {
        LeakCheck check = store(context).remove(BEFORE, LeakCheck.class);
        if (check != null) {
            check.verify();
        }
    }

    private static Store store(ExtensionContext context) {
        return context.getStore(Namespace.create(LeakExtension.class));
    }

    private static void keepFrames(ExtensionContext context) throws IOException {
        Path folder = Files.createDirectories(Path.of(System.getProperty(FOLDER, "target/qnet-failures")));
        String test = context.getRequiredTestClass().getSimpleName() + "."
                + context.getRequiredTestMethod().getName();
        for (FakeGuest guest : GuestRegistry.guests()) {
            Path file = folder.resolve((test + "-" + guest.name() + ".pcap").replaceAll("[^A-Za-z0-9._-]", "_"));
            guest.frames().writePcap(file);
            context.publishReportEntry("pcap", file.toAbsolutePath().toString());
        }
    }
}
