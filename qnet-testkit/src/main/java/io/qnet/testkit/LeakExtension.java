package io.qnet.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/** What {@link CheckLeaks} does. */
final class LeakExtension
        implements TestInstancePreConstructCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private static final String FOLDER = "qnet.failures";

    private @Nullable LeakCheck ofTest;
    private @Nullable LeakCheck ofClass;

    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
        GuestRegistry.clear();
        LeakCheck check = LeakCheck.begin();
        if (context.getTestInstanceLifecycle().orElse(Lifecycle.PER_METHOD) == Lifecycle.PER_CLASS) {
            ofClass = check;
        } else {
            ofTest = check;
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (ofTest == null && ofClass == null) {
            ofTest = LeakCheck.begin();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        if (context.getExecutionException().isPresent()) {
            keepFrames(context);
        }
        LeakCheck check = ofTest;
        ofTest = null;
        if (check != null) {
            check.verify();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        LeakCheck check = ofClass;
        ofClass = null;
        if (check != null) {
            check.verify();
        }
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
