package io.qnet.option;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON, as the form of an option or as a QMP command. Jackson reads it; what it refuses {@link JsonFault} explains in QEMU's words. Like QEMU it takes strings in single quotes too.
 */
public final class JsonText {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonText() {}

    /**
     * Reads one object; its values are Map, List, String, Boolean, Integer, Long, BigInteger, Double and null.
     *
     * @throws OptionException in QEMU's words
     */
    static Map<String, Object> object(String text) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            return object(parser);
        } catch (JsonProcessingException e) {
            String fault = JsonFault.of(text);
            throw new OptionException(fault != null ? fault : "JSON parse error, " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a string is no device: it does not fail
        }
    }

    /**
     * Reads one value of any kind.
     *
     * @throws OptionException in QEMU's words
     */
    public static @Nullable Object value(String text) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() == null) {
                throw new JsonParseException(parser, "expecting value");
            }
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new JsonParseException(parser, "one value expected");
            }
            return value;
        } catch (JsonProcessingException e) {
            String fault = JsonFault.of(text);
            throw new OptionException(fault != null ? fault : "JSON parse error, " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a string is no device: it does not fail
        }
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new JsonParseException(parser, "an object expected");
        }
        Map<String, Object> object = members(parser);
        if (parser.nextToken() != null) {
            throw new JsonParseException(parser, "one object expected");
        }
        return object;
    }

    @SuppressWarnings("NullAway") // a map from JSON may hold null
    private static Map<String, Object> members(JsonParser parser) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            object.put(name, value(parser));
        }
        return object;
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> members(parser);
            case START_ARRAY -> elements(parser);
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            default -> parser.getText();
        };
    }

    @SuppressWarnings("NullAway") // a list from JSON may hold null
    private static List<Object> elements(JsonParser parser) throws IOException {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            list.add(value(parser));
        }
        return list;
    }
}
