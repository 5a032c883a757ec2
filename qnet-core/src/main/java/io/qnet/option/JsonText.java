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
            throw new OptionException(ERROR + reason(e, text));
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
            return quote < 0 ? "premature EOI" : "stray '" + text.substring(quote) + "'";
        }
        if (found.startsWith("Duplicate field")) {
            return "duplicate key";
        }
        int at = Math.max(0, Math.min((int) e.getLocation().getCharOffset(), text.length() - 1));
        if (found.contains("hex-digit")) {
            return text.substring(text.lastIndexOf("\\u", at), at + 1) + " is not a valid Unicode character";
        }
        if (found.contains("escape")) {
            return "invalid escape sequence in string";
        }
        Matcher word = UNRECOGNIZED.matcher(found);
        return word.find() ? reasonOfWord(word.group(1)) : reasonAt(found, text, at);
    }

    /** A bare word: for QEMU lower case makes a keyword, any other letter is stray by itself. */
    private static String reasonOfWord(String word) {
        char first = word.charAt(0);
        return isLowerCase(first) ? "invalid keyword '" + word + "'" : "stray '" + first + "'";
    }

    private static String reasonAt(String found, String text, int at) {
        char c = text.charAt(at);
        if (isLowerCase(c)) {
            int end = at;
            while (end < text.length() && isLowerCase(text.charAt(end))) {
                end++;
            }
            return reasonOfWord(text.substring(at, end));
        }
        if (found.contains("numeric value") || found.contains("zeroes") || found.contains("Decimal point")) {
            int end = Math.min(text.length(), c == '.' ? at + 2 : at + 1); // up to what cannot follow
            return "stray '" + text.substring(numberStart(text, at), end) + "'";
        }
        if (found.contains("colon")) {
            return "missing : in object pair";
        }
        boolean afterValue = "[{,:".indexOf(lastBefore(text, at)) < 0;
        if (found.contains("comma") || (found.contains("close marker") && afterValue)) {
            boolean list = found.contains("Array") || found.contains("ARRAY") || found.contains("expected ']'");
            return "expected separator in " + (list ? "list" : "dict");
        }
        if ("}],:".indexOf(c) >= 0) {
            return "expecting value";
        }
        return found.contains("field name") ? "key is not a string in object" : "stray '" + c + "'";
    }

    private static boolean isLowerCase(char c) {
        return c >= 'a' && c <= 'z';
    }

    private static int numberStart(String text, int at) {
        int start = at;
        while (start > 0 && "+-.eE0123456789".indexOf(text.charAt(start - 1)) >= 0) {
            start--;
        }
        return start;
    }

    /** The last character before this place that is no blank. */
    private static char lastBefore(String text, int at) {
        String before = text.substring(0, at).stripTrailing();
        return before.isEmpty() ? ' ' : before.charAt(before.length() - 1);
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
