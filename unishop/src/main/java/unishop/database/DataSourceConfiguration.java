package unishop.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.mariadb.jdbc.MariaDbDataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import unishop.Settings;

/** The pool of connections: one that gives up soon, so that a shop whose database comes back is back within seconds. */
@Configuration(proxyBeanMethods = false)
class DataSourceConfiguration {

    @Bean
    HikariDataSource dataSource(Settings settings) {
        var pool = new HikariConfig();
        pool.setPoolName("unishop");
        // Start without a database, too: no restart is needed when it comes.
        pool.setInitializationFailTimeout(-1);
        pool.setMaximumPoolSize(10);
        pool.setMinimumIdle(2);
        // Longer than a crowd takes to be served by ten connections, shorter than people wait.
        pool.setConnectionTimeout(TimeUnit.SECONDS.toMillis(4));
        pool.setValidationTimeout(TimeUnit.SECONDS.toMillis(1));
        pool.setKeepaliveTime(TimeUnit.SECONDS.toMillis(30));
        pool.setMaxLifetime(TimeUnit.MINUTES.toMillis(10));
        logIn(pool, settings);
        return new HikariDataSource(pool);
    }

    private static void logIn(HikariConfig pool, Settings settings) {
        var url = url(settings);
        if (settings.login() instanceof Settings.Secret secret) {
            pool.setDataSource(new SecretDataSource(server(url), secret.id(), settings.region()));
        } else if (settings.login() instanceof Settings.Password password) {
            pool.setJdbcUrl(url);
            pool.setUsername(password.user());
            pool.setPassword(password.password());
        }
    }

    /**
     * It names no schema: in a new pilot light there is none until replication brings it, and a connection to a schema that
     * is missing is refused.
     *
     * Timeouts in milliseconds: a server that is cut off answers nothing at all, and without a limit a query to it waits for
     * ever. With TLS it waits twice as long: closing, too, waits for the other end.
     *
     * The server must show a certificate for its host name that one of the authorities has signed. RDS's are in no Java runtime:
     * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html
     * The driver compares the host name with the certificate's names, whichever endpoint it is:
     * https://github.com/mariadb-corporation/mariadb-connector-j/blob/main/src/main/java/org/mariadb/jdbc/client/tls/HostnameVerifier.java
     */
    private static String url(Settings settings) {
        return "jdbc:mariadb://%s:%d/?connectTimeout=2000&socketTimeout=3000&sslMode=verify-full&serverSslCert=%s"
                .formatted(settings.databaseHost(), settings.databasePort(), settings.authorities());
    }

    private static DataSource server(String url) {
        try {
            return new MariaDbDataSource(url);
        } catch (SQLException wrong) {
            throw new IllegalStateException(wrong);
        }
    }
}
