package io.qnet.cli;

import org.jspecify.annotations.Nullable;

/** The version of the program, from its jar. */
final class Version {
    private Version() {}

    static String get() {
        @Nullable String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
