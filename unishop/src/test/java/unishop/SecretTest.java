package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.UUID;
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
    // A name of its own for each test, because the wrapper remembers secrets in a static field.
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
    void theShopLogsInWithTheSecretOfItsOwnRegion(CapturedOutput log) {
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

    @Test
    void withoutASecretTheShopStartsAndSellsWhenItIsThere() {
        secrets.password = null;
        try (var shop = Shop.start(environment)) {
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
            secrets.password = database.password;
            shop.awaitHealthy();
        }
    }
}
