package io.qnet.tap;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the test, saying why, where no TAP and no network namespace can be made, or where the loop is to run on NIO. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(EnabledIfTap.Condition.class)
@interface EnabledIfTap {
    /** Looks for root, the device, ip(8) and epoll. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String missing = missing();
            return missing.isEmpty()
                    ? ConditionEvaluationResult.enabled("nothing is missing")
                    : ConditionEvaluationResult.disabled(missing);
        }

        private static String missing() {
            if (!"root".equals(System.getProperty("user.name"))) {
                return "needs root";
            }
            if (!Files.isWritable(Path.of("/dev/net/tun"))) {
                return "needs /dev/net/tun";
            }
            if (!Files.isExecutable(Path.of("/usr/sbin/ip")) && !Files.isExecutable(Path.of("/sbin/ip"))) {
                return "needs ip(8) of iproute2";
            }
            if ("nio".equals(System.getProperty("qnet.transport"))) {
                return "needs epoll, and qnet.transport is nio";
            }
            return "";
        }
    }
}
