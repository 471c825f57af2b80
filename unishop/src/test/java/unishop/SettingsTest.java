package unishop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static final Map<String, String> COMPLETE = Map.of(
            "DB_HOST",
            "db.example",
            "DB_AUTHORITIES",
            "/opt/unishop/rds.pem",
            "DB_SECRET_ID",
            "unishop/database",
            "AWS_REGION",
            "us-west-1",
            "ALLOWED_ORIGIN",
            "http://site.example");

    @Test
    void anInstanceGetsTheFewThingsItNeeds() {
        assertThat(Settings.of(COMPLETE))
                .isEqualTo(new Settings(
                        "db.example",
                        3306,
                        "/opt/unishop/rds.pem",
                        new Settings.Secret("unishop/database"),
                        "us-west-1",
                        "http://site.example",
                        80));
    }

    @Test
    void everythingThatIsMissingIsNamedInOneSentence() {
        assertThatThrownBy(() -> Settings.of(Map.of()))
                .isInstanceOf(Settings.Wrong.class)
                .hasMessageContainingAll(
                        "DB_HOST",
                        "DB_AUTHORITIES",
                        "DB_SECRET_ID",
                        "DB_USER",
                        "DB_PASSWORD",
                        "AWS_REGION",
                        "ALLOWED_ORIGIN")
                .hasMessageEndingWith(".");
    }

    @ParameterizedTest
    @CsvSource({
        "DB_HOST, 'db.example/?allowLocalInfile=true', DB_HOST is",
        "DB_AUTHORITIES, '', DB_AUTHORITIES is missing",
        "DB_AUTHORITIES, '/opt/unishop/rds.pem&sslMode=trust', DB_AUTHORITIES is",
        "DB_PORT, many, DB_PORT is \"many\"",
        "DB_PORT, 65536, DB_PORT is \"65536\"",
        "PORT, -1, PORT is \"-1\"",
        "AWS_REGION, America, AWS_REGION is \"America\"",
        "ALLOWED_ORIGIN, *, ALLOWED_ORIGIN is \"*\"",
        "ALLOWED_ORIGIN, http://site.example/, ALLOWED_ORIGIN is",
        "DB_USER, shop, DB_SECRET_ID contradicts",
        "DB_PASSWORD, hush, DB_SECRET_ID contradicts",
        "DB_SECRET_ID, '', DB_SECRET_ID is missing",
    })
    void aWrongValueIsNamedTogetherWithWhatIsAllowed(String name, String value, String complaint) {
        assertThatThrownBy(() -> Settings.of(with(name, value)))
                .isInstanceOf(Settings.Wrong.class)
                .hasMessageContaining(complaint)
                .hasMessageNotContaining("hush");
    }

    @Test
    void aUserNeedsAPassword() {
        var environment = with("DB_USER", "shop");
        environment.remove("DB_SECRET_ID");
        assertThatThrownBy(() -> Settings.of(environment)).hasMessageContaining("DB_PASSWORD is missing");
    }

    @Test
    void settingsThatArePrintedDoNotShowThePassword() {
        var environment = with("DB_USER", "shop");
        environment.remove("DB_SECRET_ID");
        environment.put("DB_PASSWORD", "hush");
        assertThat(Settings.of(environment).toString()).contains("shop").doesNotContain("hush");
    }

    private static Map<String, String> with(String name, String value) {
        var environment = new HashMap<>(COMPLETE);
        environment.put(name, value);
        return environment;
    }
}
