package unishop.web;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.http.HttpStatus;

/** Checks what a customer filled in, and reports every mistake at once. */
public final class Fields {
    /** Not more: only a letter to an address can show whether it exists. */
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+");

    private final List<String> complaints = new ArrayList<>();

    /** Something must be there. */
    public Fields present(String name, Object value) {
        return value == null ? wrong(name + " is missing") : this;
    }

    /** A text of 0 to {@code longest} characters that the database keeps as it is, and that prints on one line. */
    public Fields line(String name, String value, int longest) {
        if (value.codePointCount(0, value.length()) > longest) {
            return wrong(name + " is longer than " + longest + " characters");
        }
        return value.codePoints().anyMatch(Fields::unprintable)
                ? wrong(name + " contains a control character or half a character")
                : this;
    }

    /** A text that looks like an e-mail address. */
    public Fields email(String name, String value, int longest) {
        if (value == null || value.isBlank()) {
            return wrong(name + " is missing");
        }
        var before = complaints.size();
        line(name, value, longest);
        return complaints.size() > before || EMAIL.matcher(value).matches()
                ? this
                : wrong(name + " is no e-mail address, which is a name, @ and a domain");
    }

    /** What else is wrong. */
    public Fields wrong(String complaint) {
        complaints.add(complaint);
        return this;
    }

    /** Refuses the request when anything was wrong. */
    public void check() {
        if (!complaints.isEmpty()) {
            throw Problem.of(HttpStatus.BAD_REQUEST, String.join("; ", complaints) + ".");
        }
    }

    private static boolean unprintable(int character) {
        var type = Character.getType(character);
        return type == Character.CONTROL
                || type == Character.SURROGATE
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
