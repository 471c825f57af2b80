package unishop.web;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.http.HttpStatus;

/** Checks what a customer filled in, and tells every mistake at once. */
public final class Fields {
    /** Not more: whether an address exists only a letter to it can tell. */
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+");

    private final List<String> complaints = new ArrayList<>();

    /** Something must be there. */
    public Fields present(String name, Object value) {
        if (value == null) {
            complaints.add(name + " is missing");
        }
        return this;
    }

    /** A text of 1 to {@code longest} characters that the database keeps as it is, and that prints on one line. */
    public Fields text(String name, String value, int longest) {
        if (value == null || value.isBlank()) {
            complaints.add(name + " is missing");
        } else if (value.codePointCount(0, value.length()) > longest) {
            complaints.add(name + " is longer than " + longest + " characters");
        } else if (value.codePoints().anyMatch(Fields::unprintable)) {
            complaints.add(name + " contains a control character or half a character");
        }
        return this;
    }

    /** A text that looks like an e-mail address. */
    public Fields email(String name, String value, int longest) {
        var before = complaints.size();
        text(name, value, longest);
        if (complaints.size() == before && !EMAIL.matcher(value).matches()) {
            complaints.add(name + " is no e-mail address, which is a name, @ and a domain");
        }
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
