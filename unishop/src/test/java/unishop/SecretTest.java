package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The database's credentials come from Secrets Manager, here a small one of the test's. */
@ExtendWith(OutputCaptureExtension.class)
class SecretTest {
    private final MariaDb database = MariaDb.start();
    private final Map<String, String> environment = database.environment();
    private final String name = "unishop/" + UUID.randomUUID();
    private final SecretsManager secrets = new SecretsManager(database);

    @BeforeEach
    void open() {
        // The properties of the variables AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY:
        // https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        System.setProperty("aws.endpointUrl", secrets.endpoint());
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
        environment.remove("DB_USER");
        environment.remove("DB_PASSWORD");
        environment.put("DB_SECRET_ID", name);
        environment.put("AWS_REGION", "us-west-1");
    }

    @AfterEach
    void close() {
        for (var property : new String[] {"aws.endpointUrl", "aws.accessKeyId", "aws.secretAccessKey"}) {
            System.clearProperty(property);
        }
        secrets.close();
        database.close();
    }

    @Test
    void theShopLogsInWithTheSecretOfItsRegion(CapturedOutput log) {
        try (var shop = Shop.start(environment).awaitHealthy()) {
            shop.newcomer();
        }
        assertThat(secrets.asked).contains("/us-west-1/secretsmanager/").contains(name);
        assertThat(log.getAll()).doesNotContain(database.password);
    }

    @Test
    void aPasswordThatIsChangedIsReadAgain() {
        try (var shop = Shop.start(environment).awaitHealthy()) {
            secrets.password = UUID.randomUUID().toString();
            database.sql("ALTER USER '" + database.user + "'@'%' IDENTIFIED BY '" + secrets.password + "'");
            database.sql("KILL USER '" + database.user + "'");
            shop.await("/unicorns", answer -> answer.status() == 200);
        }
    }

    /** The log of the first boot has it, and the runbook names it: "The shop cannot log in to its database". */
    @Test
    void whatIsWrongWithTheSecretIsSaid(CapturedOutput log) {
        secrets.password = UUID.randomUUID().toString();
        try (var shop = Shop.start(environment)) {
            await(log, "The database does not answer: .*Access denied for user");
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
        }
        secrets.password = null;
        environment.put("DB_SECRET_ID", "unishop/" + UUID.randomUUID());
        try (var shop = Shop.start(environment)) {
            await(log, "The database does not answer: .*[Ss]ecret");
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
        }
        assertThat(log.getAll()).doesNotContain(database.password);
    }

    private static void await(CapturedOutput log, String words) {
        var end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!Pattern.compile(words).matcher(log.getAll()).find() && System.nanoTime() < end) {
            LockSupport.parkNanos(100_000_000);
        }
        assertThat(log.getAll()).containsPattern(words);
    }

    /** For hours, and through a failover: what is known is good until the database refuses it. */
    @Test
    void whileSecretsManagerIsAwayTheShopGoesOnMakingConnections() {
        try (var shop = Shop.start(environment).awaitHealthy()) {
            var user = shop.newcomer();
            secrets.close();
            for (var round = 0; round < 3; round++) {
                database.kill();
                database.restart("--read-only");
                shop.await(
                        "/health/dbping",
                        answer -> answer.status() == 200
                                && !answer.json().path("writer").asBoolean());
                database.sql("KILL USER '" + database.user + "'");
                shop.awaitHealthy();
                database.sql("SET GLOBAL read_only = 0");
                shop.await(
                        "/health/dbping",
                        answer -> answer.status() == 200
                                && answer.json().path("writer").asBoolean());
                assertThat(shop.add(user, shop.unicorn(round)).status()).isEqualTo(204);
            }
        }
        assertThat(secrets.questions).hasValue(1);
    }

    @Test
    void aCrowdOfConnectionsAsksOnce() {
        try (var shop = Shop.start(environment).awaitHealthy()) {
            IntStream.range(0, 100)
                    .parallel()
                    .forEach(each -> assertThat(shop.get("/unicorns").status()).isEqualTo(200));
        }
        assertThat(secrets.questions).hasValue(1);
    }

    @Test
    void aSecretThatIsNoLoginIsSaidWithoutItsWords(CapturedOutput log) {
        secrets.password = "hush\\\"} no JSON";
        try (var shop = Shop.start(environment)) {
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
            secrets.password = database.password;
            shop.awaitHealthy();
        }
        assertThat(log.getAll()).contains("the secret " + name + " ").doesNotContain("hush", database.password);
    }

    @Test
    void withoutASecretTheShopStartsAndServesWhenItIsThere() {
        secrets.password = null;
        try (var shop = Shop.start(environment)) {
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
            secrets.password = database.password;
            shop.awaitHealthy();
        }
    }
}
