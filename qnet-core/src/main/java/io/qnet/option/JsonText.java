package io.qnet.option;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The JSON form of an option. Jackson reads it; what it refuses is told in the words of QEMU's parser (qobject/json-parser.c) as far as
 * they can be told from the place of the fault. Like QEMU it takes strings in single quotes too.
 */
final class JsonText {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final Pattern UNRECOGNIZED = Pattern.compile("Unrecognized token '([^']*)'");
    private static final String ERROR = "JSON parse error, ";

    private JsonText() {}

    /** Reads one object; its values are Map, List, String, Boolean, Integer, Long, BigInteger, Double and null. */
    static Map<String, Object> object(String text) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            return object(parser, text);
        } catch (JsonParseException e) {
            throw new OptionException(reason(e, text));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a string is no device: it does not fail
        }
    }

    private static Map<String, Object> object(JsonParser parser, String text) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new OptionException(ERROR + "expecting value");
        }
        Map<String, Object> object = members(parser);
        int end = (int) parser.currentLocation().getCharOffset();
        if (!text.substring(end).isBlank()) {
            throw new OptionException("Expecting at most one JSON value");
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

    /** QEMU's words for what Jackson found. */
    private static String reason(JsonParseException e, String text) {
        String found = e.getOriginalMessage();
        if (e instanceof JsonEOFException) {
            int quote = openQuote(text);
            return ERROR + (quote < 0 ? "premature EOI" : "stray '" + text.substring(quote) + "'");
        }
        if (found.startsWith("Duplicate field")) {
            return ERROR + "duplicate key";
        }
        if (found.contains("escape")) {
            return ERROR + "invalid escape sequence in string";
        }
        Matcher token = UNRECOGNIZED.matcher(found);
        if (token.find()) {
            return ERROR + "invalid keyword '" + token.group(1) + "'";
        }
        return ERROR + reasonAt(found, text, (int) e.getLocation().getCharOffset());
    }

    private static String reasonAt(String found, String text, int offset) {
        int at = Math.max(0, Math.min(offset, text.length() - 1));
        while (at > 0 && isWordChar(text.charAt(at)) && isWordChar(text.charAt(at - 1))) {
            at--;
        }
        int end = at + 1;
        while (end < text.length() && isWordChar(text.charAt(at)) && isWordChar(text.charAt(end))) {
            end++;
        }
        String token = text.substring(at, end);
        char first = token.charAt(0);
        if (Character.isLetter(first)) {
            return "invalid keyword '" + token + "'";
        }
        if (found.contains("colon")) {
            return "missing : in object pair";
        }
        if (found.contains("comma")) {
            return "expected separator in " + (found.contains("ARRAY") || found.contains("Array") ? "list" : "dict");
        }
        if (Character.isDigit(first) && found.contains("leading zero")) {
            return "stray '" + token + "'";
        }
        if (found.contains("field name")) {
            return first == '}' ? "expecting value" : "key is not a string in object";
        }
        return "}],:".indexOf(first) >= 0 ? "expecting value" : "stray '" + token + "'";
    }

    private static boolean isWordChar(char c) {
        return Character.isLetterOrDigit(c);
    }

    /** Where the string that never ends begins, or -1 if none is open at the end. */
    private static int openQuote(String text) {
        int open = -1;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (open >= 0 && c == '\\') {
                i++;
            } else if (open >= 0 && c == text.charAt(open)) {
                open = -1;
            } else if (open < 0 && (c == '"' || c == '\'')) {
                open = i;
            }
        }
        return open;
    }
}
