package unishop.database;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** What the database says about itself. */
@Component
public class Database {
    private final JdbcClient jdbc;

    Database(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Whether the database can be written. An Aurora reader, and so the whole cluster of a pilot light, shows itself by
     * innodb_read_only, a replica of MariaDB by read_only:
     * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.BestPractices.html#AuroraMySQL.BestPractices.DeterminePrimaryInstanceConnection
     * https://mariadb.com/docs/server/ha-and-performance/standard-replication/read-only-replicas
     */
    public boolean writable() {
        return jdbc.sql("SELECT NOT (@@global.innodb_read_only OR @@global.read_only)")
                .query(Boolean.class)
                .single();
    }
}
