package unishop.database;

import java.sql.SQLException;
import java.util.Arrays;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Brings the schema up to date each time the database is found to have become writable: at the first start of the
 * primary, or when a pilot light's database is promoted while the shop runs. Until then it changes nothing.
 */
@Component
@EnableScheduling
class Schema {
    private static final Logger log = LoggerFactory.getLogger(Schema.class);
    private static final String UP_TO_DATE = "can be written, its schema is up to date";

    private final Database database;
    private final JdbcClient jdbc;
    private final DataSource dataSource;
    private String last = "";

    Schema(Database database, JdbcClient jdbc, DataSource dataSource) {
        this.database = database;
        this.jdbc = jdbc;
        this.dataSource = dataSource;
    }

    /** Only migrations need it: reads and writes ask the database itself, so they are served at once after a promotion. */
    @Scheduled(fixedDelay = 1000)
    void look() {
        var now = find();
        if (!now.equals(last)) {
            log.info("The database {}", now);
            last = now;
        }
    }

    private String find() {
        try {
            if (!database.writable()) {
                return "is read-only";
            }
        } catch (DataAccessException gone) {
            return "does not answer: " + words(gone);
        }
        return last.equals(UP_TO_DATE) ? last : migrate();
    }

    /** What the driver says, or who logs in for it; causes below speak of streams and signatures. Connections are numbered. */
    private static String words(DataAccessException gone) {
        Throwable last = gone;
        for (var cause = gone.getCause(); cause != null; cause = cause.getCause()) {
            last = cause instanceof SQLException ? cause : last;
        }
        return String.valueOf(last.getMessage()).replaceFirst("^\\(conn=-?[0-9]+\\) ", "");
    }

    private String migrate() {
        try {
            jdbc.sql("CREATE SCHEMA IF NOT EXISTS unishop DEFAULT CHARACTER SET utf8mb4")
                    .update();
            var flyway = flyway();
            // A migration that was cut off, by a demotion for example, is marked as failed: every migration can be run
            // again over its own half, because MySQL cannot take back a CREATE TABLE.
            if (Arrays.stream(flyway.info().all())
                    .anyMatch(migration -> migration.getState().isFailed())) {
                flyway.repair();
            }
            flyway.migrate();
            return UP_TO_DATE;
        } catch (FlywayException | DataAccessException failed) {
            return "can be written, but its schema is not up to date: " + failed.getMessage();
        }
    }

    /** Made when it is needed: in a pilot light it is not, and a start counts every tenth of a second. */
    private Flyway flyway() {
        // Flyway leaves a connection in the schema in which it found it. Where it found none, it makes one of a random
        // name:
        // https://github.com/flyway/flyway/blob/main/flyway-database/flyway-mysql/src/main/java/org/flywaydb/database/mysql/MySQLConnection.java
        return Flyway.configure()
                .dataSource(dataSource)
                .initSql("USE unishop")
                .createSchemas(false)
                .load();
    }
}
