package io.qnet;

import static java.util.stream.Collectors.toCollection;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Stream;

/** What users of qnet see may name types of the JDK, of qnet and a few of Netty's, so that every other library can be exchanged. */
final class ForeignTypesInSignatures extends ArchCondition<JavaClass> {
    private static final Set<String> NETTY = Set.of(
            "io.netty.buffer.ByteBuf",
            "io.netty.buffer.ByteBufAllocator",
            "io.netty.channel.EventLoop",
            "io.netty.channel.IoEventLoop",
            "io.netty.channel.Channel",
            "io.netty.channel.ChannelHandler",
            "io.netty.channel.local.LocalAddress",
            "io.netty.channel.unix.DomainSocketAddress");

    ForeignTypesInSignatures() {
        super(
                "name no foreign types but Netty's ByteBuf with its allocator, event loops, Channel, ChannelHandler and addresses");
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
        Stream<JavaType> supertypes = Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
        report(type, type.getName(), supertypes, events);
        for (JavaMember member : type.getMembers()) {
            if (visible(member)) {
                report(type, member.getFullName(), named(member), events);
            }
        }
    }

    private static boolean visible(JavaMember member) {
        Set<JavaModifier> modifiers = member.getModifiers();
        return (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED))
                && !modifiers.contains(JavaModifier.SYNTHETIC);
    }

    private static Stream<JavaType> named(JavaMember member) {
        if (member instanceof JavaField field) {
            return Stream.of(field.getType());
        }
        JavaCodeUnit unit = (JavaCodeUnit) member;
        return Stream.of(
                        Stream.of(unit.getReturnType()),
                        unit.getParameterTypes().stream(),
                        unit.getThrowsClause().getTypes().stream().<JavaType>map(each -> each))
                .flatMap(each -> each);
    }

    private static void report(JavaClass type, String where, Stream<JavaType> types, ConditionEvents events) {
        Set<String> foreign = types.flatMap(each -> each.getAllInvolvedRawTypes().stream())
                .map(JavaClass::getBaseComponentType)
                .filter(each -> !allowed(type, each))
                .map(JavaClass::getName)
                .collect(toCollection(LinkedHashSet::new));
        if (!foreign.isEmpty()) {
            events.add(SimpleConditionEvent.violated(type, where + " names " + foreign));
        }
    }

    private static boolean allowed(JavaClass user, JavaClass type) {
        String name = type.getName();
        return type.isPrimitive()
                || name.startsWith("java.")
                || name.startsWith("io.qnet.")
                || NETTY.contains(name)
                || (name.startsWith("org.junit.jupiter.api.")
                        && user.getPackageName().startsWith("io.qnet.testkit"));
    }
}
