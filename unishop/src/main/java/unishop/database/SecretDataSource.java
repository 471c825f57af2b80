package unishop.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.AbstractDataSource;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Logs in to a database with what Secrets Manager holds. It is asked at the first connection, and again only when the
 * database refuses what it said: a shop goes on serving while Secrets Manager does not answer. AWS's JDBC wrapper forgets a secret
 * after 30 minutes at the latest from 3.1.0 on, and then no connection can be made without Secrets Manager:
 * https://github.com/aws/aws-advanced-jdbc-wrapper/blob/4.3.0/wrapper/src/main/java/software/amazon/jdbc/plugin/AwsSecretsManagerConnectionPlugin.java
 */
final class SecretDataSource extends AbstractDataSource {
    /** Class 28 of SQLSTATE: https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html (ER_ACCESS_DENIED_ERROR). */
    private static final String LOGIN_REFUSED = "28";

    private final DataSource server;
    private final String secret;
    private final Region region;
    private Credentials known;

    private record Credentials(String username, String password) {
        @Override
        public String toString() {
            return username + ", with a password";
        }
    }

    /** @param server answers a connection for a user and a password */
    SecretDataSource(DataSource server, String secret, String region) {
        this.server = server;
        this.secret = secret;
        this.region = Region.of(region);
    }

    @Override
    public Connection getConnection() throws SQLException {
        var credentials = after(null);
        try {
            return connect(credentials);
        } catch (SQLException refused) {
            if (refused.getSQLState() == null || !refused.getSQLState().startsWith(LOGIN_REFUSED)) {
                throw refused;
            }
            return connect(after(credentials));
        }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return server.getConnection(user, password);
    }

    private Connection connect(Credentials credentials) throws SQLException {
        return server.getConnection(credentials.username(), credentials.password());
    }

    /** What is known after something was refused, or at first; of many connections at once only one asks. */
    private synchronized Credentials after(Credentials refused) throws SQLException {
        if (known == refused) {
            known = read();
        }
        return known;
    }

    private Credentials read() throws SQLException {
        var http = UrlConnectionHttpClient.builder()
                .connectionTimeout(Duration.ofSeconds(2))
                .socketTimeout(Duration.ofSeconds(3));
        try (var manager = SecretsManagerClient.builder()
                .region(region)
                .httpClientBuilder(http)
                .build()) {
            var fields = new JsonMapper()
                    .readTree(manager.getSecretValue(request -> request.secretId(secret))
                            .secretString());
            return new Credentials(
                    fields.path("username").asString(), fields.path("password").asString());
        } catch (SdkException unknown) {
            throw new SQLTransientConnectionException(
                    "the secret " + secret + " cannot be read: " + unknown.getMessage(), unknown);
        } catch (JacksonException unclear) {
            // Without its words: they would repeat the secret.
            throw new SQLTransientConnectionException(
                    "the secret " + secret + " is no JSON object with username and password");
        }
    }
}
