package unishop.database;

import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;

/**
 * Distinguishes the errors of a database that will be well again from errors of the shop. Every write of the shop is a single
 * statement, so after any of these nothing is half done.
 *
 * Error numbers: https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
 */
public enum Outage {
    READ_ONLY("The shop is read-only for now: its database cannot be written. Nothing was changed."),
    NO_SCHEMA("The shop's tables are not there yet."),
    NO_ANSWER("The shop's database does not answer.");

    // ER_OPEN_AS_READONLY (MariaDB under innodb_read_only), ER_OPTION_PREVENTS_STATEMENT (read_only, and an Aurora
    // reader),
    // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE, ER_INNODB_READ_ONLY, ER_INNODB_FORCED_RECOVERY,
    // ER_SCHEMA_READ_ONLY.
    // https://repost.aws/knowledge-center/aurora-mysql-db-cluser-read-only-error
    private static final Set<Integer> READ_ONLY_ERRORS = Set.of(1036, 1290, 1792, 1836, 1874, 1881, 3989);

    // ER_CANT_LOCK is how MySQL refuses a write under innodb_read_only. It says of any failed lock only that it failed;
    // the
    // number of the reason is in its words, and 165 is HA_ERR_TABLE_READONLY:
    // https://github.com/mysql/mysql-server/blob/trunk/include/my_base.h
    private static final int CANNOT_LOCK = 1015;
    private static final Pattern TABLE_READ_ONLY = Pattern.compile("\\(errno: 165\\b");

    // ER_BAD_DB_ERROR, ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE.
    private static final Set<Integer> SCHEMA_ERRORS = Set.of(1049, 1054, 1146);

    // ER_CON_COUNT_ERROR, ER_ACCESS_DENIED_ERROR (a password being rotated), ER_SERVER_SHUTDOWN, ER_QUERY_INTERRUPTED,
    // ER_CONNECTION_KILLED (MariaDB), ER_SERVER_OFFLINE_MODE.
    private static final Set<Integer> SERVER_ERRORS = Set.of(1040, 1045, 1053, 1317, 1927, 3032);

    private final String sentence;

    Outage(String sentence) {
        this.sentence = sentence;
    }

    /** What the customer reads. */
    public String sentence() {
        return sentence;
    }

    /** The outage behind an error, or nothing when waiting does not help. */
    public static Optional<Outage> behind(DataAccessException error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                if (readOnly(sql)) {
                    return Optional.of(READ_ONLY);
                }
                if (SCHEMA_ERRORS.contains(sql.getErrorCode())) {
                    return Optional.of(NO_SCHEMA);
                }
                if (SERVER_ERRORS.contains(sql.getErrorCode()) || connectionLost(sql)) {
                    return Optional.of(NO_ANSWER);
                }
            }
        }
        var passes = error instanceof DataAccessResourceFailureException
                || error instanceof TransientDataAccessException
                || error instanceof RecoverableDataAccessException;
        return passes ? Optional.of(NO_ANSWER) : Optional.empty();
    }

    private static boolean readOnly(SQLException sql) {
        return READ_ONLY_ERRORS.contains(sql.getErrorCode())
                || sql.getErrorCode() == CANNOT_LOCK
                        && TABLE_READ_ONLY
                                .matcher(String.valueOf(sql.getMessage()))
                                .find();
    }

    private static boolean connectionLost(SQLException sql) {
        return sql.getSQLState() != null && sql.getSQLState().startsWith("08");
    }
}
