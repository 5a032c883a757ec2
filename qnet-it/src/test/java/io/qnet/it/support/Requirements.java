package io.qnet.it.support;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Decides {@link EnabledIfRoot}, {@link EnabledIfCommand} and {@link EnabledIfKernel}, and says what is missing. */
final class Requirements implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        List<String> missing = context.getElement().map(Requirements::missing).orElse(List.of());
        return missing.isEmpty() ? enabled("nothing is missing") : disabled(String.join("; ", missing));
    }

    private static List<String> missing(AnnotatedElement element) {
        List<String> missing = new ArrayList<>();
        if (element.isAnnotationPresent(EnabledIfRoot.class) && !Commands.isRoot()) {
            missing.add("needs root");
        }
        EnabledIfCommand commands = element.getAnnotation(EnabledIfCommand.class);
        if (commands != null) {
            for (String command : commands.value()) {
                if (Commands.find(command).isEmpty()) {
                    missing.add(command + " is not installed");
                }
            }
        }
        if (element.isAnnotationPresent(EnabledIfKernel.class)
                && !KernelFiles.ofCache().isPresent()) {
            missing.add("no Linux kernel in the cache: run .ci/fetch-kernel");
        }
        return missing;
    }
}
