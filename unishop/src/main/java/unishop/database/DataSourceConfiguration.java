package unishop.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.concurrent.TimeUnit;
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
        // Milliseconds. A server that is cut off answers nothing at all; without a limit a query to it waits for ever. With
        // TLS it waits twice as long: closing, too, waits for the other end.
        pool.addDataSourceProperty("connectTimeout", "2000");
        pool.addDataSourceProperty("socketTimeout", "3000");
        // Encrypted. Who is at the other end is warranted by the security group: the CA of RDS is in no Java runtime.
        pool.addDataSourceProperty("sslMode", "trust");
        logIn(pool, settings);
        return new HikariDataSource(pool);
    }

    /**
     * The URL names no schema: in a new pilot light there is none until replication brings it, and a connection to a
     * schema that is missing is refused.
     */
    private static void logIn(HikariConfig pool, Settings settings) {
        var address = "mariadb://" + settings.databaseHost() + ":" + settings.databasePort() + "/";
        if (settings.login() instanceof Settings.Secret secret) {
            pool.setJdbcUrl("jdbc:aws-wrapper:" + address);
            // Alone: with its default plugins the wrapper would leave an endpoint that cannot write for the writer in the
            // other region, which may be down.
            pool.addDataSourceProperty("wrapperPlugins", "awsSecretsManager");
            pool.addDataSourceProperty("wrapperDialect", "mariadb");
            pool.addDataSourceProperty("secretsManagerSecretId", secret.id());
            pool.addDataSourceProperty("secretsManagerRegion", settings.region());
        } else if (settings.login() instanceof Settings.Password password) {
            pool.setJdbcUrl("jdbc:" + address);
            pool.setUsername(password.user());
            pool.setPassword(password.password());
        }
    }
}
