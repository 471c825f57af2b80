package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The shop logs in to no server but the one that it asked for. */
@ExtendWith(OutputCaptureExtension.class)
class DatabaseCertificateTest {
    private final MariaDb database = MariaDb.start();
    private final Map<String, String> environment = database.environment();

    @AfterEach
    void stop() {
        database.close();
    }

    @Test
    void theServerIsVerified() {
        try (var shop = Shop.start(environment).awaitHealthy()) {
            shop.newcomer();
        }
    }

    @Test
    void aServerThatAnotherAuthorityVouchesForIsRefused(@TempDir Path elsewhere, CapturedOutput log) {
        environment.put(
                "DB_AUTHORITIES", Certificate.in(elsewhere).certificate().toString());
        assertRefused(log, "PKIX path");
    }

    @Test
    void aServerOfAnotherNameIsRefused(CapturedOutput log) {
        environment.put("DB_HOST", "localhost");
        assertRefused(log, "localhost.* doesn't correspond to");
    }

    @Test
    void withoutAuthoritiesNoServerIsGoodEnough(@TempDir Path empty, CapturedOutput log) {
        environment.put("DB_AUTHORITIES", empty.resolve("none").toString());
        assertRefused(log, "keyStore");
    }

    /** Nothing was asked of the server, and the log, which user data shows at the first boot, has the reason. */
    private void assertRefused(CapturedOutput log, String why) {
        try (var shop = Shop.start(environment)) {
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
            assertThat(shop.get("/health/ishealthy").status()).isEqualTo(503);
        }
        assertThat(log.getAll()).containsPattern("The database does not answer: .*" + why);
        assertThat(database.number("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'unishop'"))
                .isZero();
    }
}
