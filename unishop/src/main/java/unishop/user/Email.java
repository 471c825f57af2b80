package unishop.user;

import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The one spelling of an e-mail address that is checked, stored and compared. */
final class Email {
    private static final Pattern CAPITALS = Pattern.compile("[A-Z]+");

    private Email() {}

    /**
     * Lower-cases the letters of ASCII and leaves all others. Unicode's rules take the Kelvin sign for a k, and make two
     * characters of a dotted capital I; a collation that ignores case also takes é for e. Each would log in one customer as
     * another.
     */
    static String normal(String email) {
        return email == null ? null : CAPITALS.matcher(email).replaceAll(Email::lower);
    }

    private static String lower(MatchResult capitals) {
        return capitals.group().toLowerCase(Locale.ROOT);
    }
}
