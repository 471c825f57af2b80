package unishop.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.UncategorizedSQLException;

class OutageTest {

    @ParameterizedTest
    @CsvSource({
        "1290, HY000, READ_ONLY",
        "1836, HY000, READ_ONLY",
        "1036, HY000, READ_ONLY",
        "1792, 25006, READ_ONLY",
        "1874, HY000, READ_ONLY",
        "1881, HY000, READ_ONLY",
        "3989, HY000, READ_ONLY",
        "1146, 42S02, NO_SCHEMA",
        "1049, 42000, NO_SCHEMA",
        "1045, 28000, NO_ANSWER",
        "3032, HY000, NO_ANSWER",
        "1927, 70100, NO_ANSWER",
        "0, 08S01, NO_ANSWER",
    })
    void anErrorOfADatabaseThatWillBeWellAgainIsAnOutage(int number, String state, Outage outage) {
        assertThat(Outage.behind(error(number, state))).contains(outage);
    }

    /** As MySQL 9 says it under --innodb-read-only. */
    @Test
    void aTableThatCannotBeLockedIsReadOnlyOnlyIfTheHandlerSaysSo() {
        assertThat(Outage.behind(error("Can't lock file (errno: 165 - Table is read only)", 1015, "HY000")))
                .contains(Outage.READ_ONLY);
        assertThat(Outage.behind(error("(conn=8) Can't lock file (errno: 165 - Table is read only)", 1015, "HY000")))
                .contains(Outage.READ_ONLY);
        assertThat(Outage.behind(error("Can't lock file (errno: 12 - Cannot allocate memory)", 1015, "HY000")))
                .isEmpty();
        assertThat(Outage.behind(error("Can't lock file (errno: 1650 - ?)", 1015, "HY000")))
                .isEmpty();
    }

    @Test
    void aConnectionThatCannotBeHadIsAnOutage() {
        assertThat(Outage.behind(new CannotGetJdbcConnectionException("away"))).contains(Outage.NO_ANSWER);
    }

    @Test
    void aMistakeOfTheShopsIsNone() {
        assertThat(Outage.behind(error(1064, "42000"))).isEmpty();
        assertThat(Outage.behind(new DataIntegrityViolationException("duplicate")))
                .isEmpty();
    }

    private static UncategorizedSQLException error(int number, String state) {
        return error("words", number, state);
    }

    private static UncategorizedSQLException error(String words, int number, String state) {
        return new UncategorizedSQLException("task", "SELECT", new SQLException(words, state, number));
    }
}
