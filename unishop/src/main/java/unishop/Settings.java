package unishop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the environment says about the place in which the shop runs. Nothing else configures it.
 *
 * @param databaseHost  DB_HOST: the endpoint of the region's DB instance
 * @param databasePort  DB_PORT: 3306 unless set
 * @param authorities   DB_AUTHORITIES: the file with the certificates of the authorities that sign the database's own
 * @param login         DB_SECRET_ID, or locally DB_USER and DB_PASSWORD
 * @param region        AWS_REGION: where the secret is read, and what the shop says when asked where it is
 * @param allowedOrigin ALLOWED_ORIGIN: the one site whose page may call the shop
 * @param port          PORT: 80 unless set, the port that the site's config.json and the security group know; 0 takes a free one
 */
public record Settings(
        String databaseHost,
        int databasePort,
        String authorities,
        Login login,
        String region,
        String allowedOrigin,
        int port) {

    /** How the shop proves to the database who it is. */
    public sealed interface Login {}

    /** The name of a secret with "username" and "password". */
    public record Secret(String id) implements Login {}

    /** A user and a password, for a database on the developer's own machine. */
    public record Password(String user, String password) implements Login {
        @Override
        public String toString() {
            return user + ", with a password";
        }
    }

    /** Says everything that is wrong with the environment, in one sentence. */
    public static final class Wrong extends RuntimeException {
        private Wrong(List<String> complaints) {
            super("Unishop cannot start: " + String.join("; ", complaints) + ".");
        }
    }

    /** Reads the settings from an environment, or throws {@link Wrong}. */
    public static Settings of(Map<String, String> environment) {
        var reader = new Reader(environment);
        var settings = new Settings(
                reader.text("DB_HOST", "[A-Za-z0-9.-]+", "a host name", null),
                reader.port("DB_PORT", 3306),
                reader.text("DB_AUTHORITIES", "[^&?]+", "a file of certificates such as /opt/unishop/rds.pem", null),
                reader.login(),
                reader.text("AWS_REGION", "[a-z]+(-[a-z]+)+-[0-9]+", "a region such as us-east-1", null),
                reader.text(
                        "ALLOWED_ORIGIN",
                        "https?://[^/\\s]+",
                        "an origin such as http://shop.example, without a path",
                        null),
                reader.port("PORT", 80));
        if (!reader.complaints.isEmpty()) {
            throw new Wrong(reader.complaints);
        }
        return settings;
    }

    private static final class Reader {
        private final Map<String, String> environment;
        private final List<String> complaints = new ArrayList<>();

        Reader(Map<String, String> environment) {
            this.environment = environment;
        }

        String text(String name, String pattern, String allowed, String otherwise) {
            var value = environment.getOrDefault(name, "");
            if (value.isEmpty() && otherwise != null) {
                return otherwise;
            }
            if (value.isEmpty()) {
                complaints.add(name + " is missing, it must be " + allowed);
            } else if (!Pattern.matches(pattern, value)) {
                complaints.add(name + " is \"" + value + "\", it must be " + allowed);
            }
            return value;
        }

        int port(String name, int otherwise) {
            var allowed = "a number from 0 to 65535";
            var before = complaints.size();
            var value = text(name, "[0-9]{1,5}", allowed, String.valueOf(otherwise));
            if (complaints.size() > before) {
                return otherwise;
            }
            var port = Integer.parseInt(value);
            if (port > 65535) {
                complaints.add(name + " is \"" + value + "\", it must be " + allowed);
            }
            return port;
        }

        Login login() {
            var secret = environment.getOrDefault("DB_SECRET_ID", "");
            var user = environment.getOrDefault("DB_USER", "");
            var password = environment.getOrDefault("DB_PASSWORD", "");
            if (!secret.isEmpty() && (!user.isEmpty() || !password.isEmpty())) {
                complaints.add("DB_SECRET_ID contradicts DB_USER and DB_PASSWORD, set only the one or the others");
            } else if (secret.isEmpty() && user.isEmpty() && password.isEmpty()) {
                complaints.add("DB_SECRET_ID is missing, or locally DB_USER and DB_PASSWORD instead");
            } else if (secret.isEmpty() && (user.isEmpty() || password.isEmpty())) {
                complaints.add((user.isEmpty() ? "DB_USER" : "DB_PASSWORD")
                        + " is missing, DB_USER and DB_PASSWORD go together");
            }
            return secret.isEmpty() ? new Password(user, password) : new Secret(secret);
        }
    }
}
