package io.qnet.cli.monitor;

import io.qnet.NetdevException;
import io.qnet.NetworkEvent;
import io.qnet.option.JsonText;
import io.qnet.option.OptionException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One client of a QMP monitor (QEMU: monitor/qmp.c, qapi/qmp-dispatch.c): the greeting, the negotiation, commands one after the other, events once it has negotiated. Input is given by one thread; events come
 * from the network's loop.
 */
final class QmpSession implements MonitorSession {
    static final String CAPABILITIES = "qmp_capabilities";

    private final Machine machine;
    private final Outbox outbox;
    private final Runnable onTooSlow;
    private final QmpCommands commands;
    private final QmpInput input = new QmpInput(this::value, this::fault);
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer undecoded = ByteBuffer.allocate(2 * MonitorServer.READ_BYTES);
    private final CharBuffer decoded = CharBuffer.allocate(2 * MonitorServer.READ_BYTES);
    private volatile boolean negotiated;

    /**
     * @param onTooSlow called when an event has no room, since the client does not read
     */
    QmpSession(Machine machine, Outbox outbox, Runnable onTooSlow) {
        this.machine = machine;
        this.outbox = outbox;
        this.onTooSlow = onTooSlow;
        commands = new QmpCommands(machine);
    }

    @Override
    public void begin() {
        Object greeting = Typed.map("version", QmpCommands.version(machine), "capabilities", List.of());
        answer(Typed.map("QMP", greeting));
    }

    @Override
    public void input(byte[] bytes, int length) {
        if (undecoded.remaining() < length) {
            throw new IllegalArgumentException("at most " + undecoded.remaining() + " bytes at a time");
        }
        undecoded.put(bytes, 0, length).flip();
        decoder.decode(undecoded, decoded, false);
        undecoded.compact();
        decoded.flip();
        while (decoded.hasRemaining()) {
            input.input(decoded.get());
        }
        decoded.clear();
    }

    /** Tells the client of an event, if it has negotiated. Any thread; does not wait. */
    @Override
    public void event(NetworkEvent event, Instant when) {
        if (!negotiated) {
            return;
        }
        Map<String, Object> data = new LinkedHashMap<>();
        if (!event.endpoint().isEmpty()) {
            data.put("netdev-id", event.endpoint());
        }
        data.putAll(event.data());
        Map<String, Object> message = Typed.map(
                "timestamp",
                Typed.map("seconds", when.getEpochSecond(), "microseconds", when.getNano() / 1000),
                "event",
                event.name());
        if (!data.isEmpty()) {
            message.put("data", data);
        }
        if (!outbox.offer(bytes(message))) {
            onTooSlow.run();
        }
    }

    private void fault(String message) {
        answer(Typed.map("error", QmpError.generic(message).toAnswer()));
    }

    private void value(String text) {
        Object value;
        try {
            value = JsonText.value(text);
        } catch (OptionException e) {
            fault(String.valueOf(e.getMessage()));
            return;
        }
        if (!(value instanceof Map)) {
            fault("QMP input must be a JSON object");
            return;
        }
        request(asObject(value));
    }

    private void request(Map<String, Object> request) {
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
            Object result = dispatch(request);
            answer.put("return", result);
            copyId(request, answer);
        } catch (QmpError e) {
            copyId(request, answer);
            answer.put("error", e.toAnswer());
        }
        answer(answer);
    }

    private static void copyId(Map<String, Object> request, Map<String, Object> answer) {
        if (request.containsKey("id")) {
            answer.put("id", request.get("id"));
        }
    }

    private Object dispatch(Map<String, Object> request) {
        String name = check(request);
        Object given = request.get("arguments");
        Map<String, Object> arguments = given == null ? Map.of() : asObject(given);
        if (!negotiated) {
            return negotiate(name, arguments);
        }
        if (name.equals(CAPABILITIES)) {
            checkCapabilities(arguments);
            throw new QmpError(
                    QmpError.COMMAND_NOT_FOUND, "Capabilities negotiation is already complete, command ignored");
        }
        QmpCommand command = commands.find(name);
        if (command == null) {
            throw new QmpError(QmpError.COMMAND_NOT_FOUND, "The command " + name + " has not been found");
        }
        return run(command, arguments);
    }

    private static Object run(QmpCommand command, Map<String, Object> arguments) {
        try {
            return command.action().apply(arguments);
        } catch (OptionException | IllegalStateException e) {
            throw QmpError.generic(String.valueOf(e.getMessage()));
        } catch (NetdevException e) {
            String message = String.valueOf(e.getMessage());
            boolean missing = message.startsWith("Device '") && message.endsWith("' not found");
            throw new QmpError(missing ? QmpError.DEVICE_NOT_FOUND : QmpError.GENERIC, message);
        }
    }

    private Object negotiate(String name, Map<String, Object> arguments) {
        if (!name.equals(CAPABILITIES)) {
            throw new QmpError(
                    QmpError.COMMAND_NOT_FOUND, "Expecting capabilities negotiation with '" + CAPABILITIES + "'");
        }
        checkCapabilities(arguments);
        negotiated = true;
        return QmpCommand.NOTHING;
    }

    private static void checkCapabilities(Map<String, Object> arguments) {
        for (Map.Entry<String, Object> each : arguments.entrySet()) {
            if (!each.getKey().equals("enable")) {
                throw QmpError.generic("Parameter '" + each.getKey() + "' is unexpected");
            }
            if (!(each.getValue() instanceof List<?> wanted)) {
                throw QmpError.generic("Invalid parameter type for 'enable', expected: array");
            }
            for (Object capability : wanted) {
                throw QmpError.generic(
                        "oob".equals(capability)
                                ? "QMP capability 'oob' not available"
                                : "Parameter 'enable' does not accept value '" + capability + "'");
            }
        }
    }

    /** QEMU: qmp_dispatch_check_obj. Answers the command's name. */
    private static String check(Map<String, Object> request) {
        for (Map.Entry<String, Object> each : request.entrySet()) {
            @Nullable Object value = each.getValue();
            switch (each.getKey()) {
                case "execute" -> require(value instanceof String, "execute", "a string");
                case "arguments" -> require(value instanceof Map, "arguments", "an object");
                case "id" -> {
                    // anything
                }
                default -> throw QmpError.generic("QMP input member '" + each.getKey() + "' is unexpected");
            }
        }
        if (request.get("execute") instanceof String name) {
            return name;
        }
        throw QmpError.generic("QMP input lacks member 'execute'");
    }

    private static void require(boolean good, String member, String kind) {
        if (!good) {
            throw QmpError.generic("QMP input member '" + member + "' must be " + kind);
        }
    }

    private void answer(Object message) {
        outbox.put(bytes(message));
    }

    private static byte[] bytes(Object message) {
        return (QmpJson.write(message) + "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    @SuppressWarnings("unchecked") // objects read from JSON have string keys throughout
    private static Map<String, Object> asObject(Object value) {
        return (Map<String, Object>) value;
    }
}
