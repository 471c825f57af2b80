package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The shop while its database is away, and when it comes back. */
class DatabaseOutageTest {
    private static final Duration SECONDS = Duration.ofSeconds(5);

    private final MariaDb database = MariaDb.start();

    @AfterEach
    void stop() {
        database.close();
    }

    @Test
    void withoutADatabaseTheShopStartsAndSaysSoAndServesWhenItComes() {
        database.kill();
        try (var shop = Shop.start(database)) {
            assertThat(shop.get("/health/ping").status()).isEqualTo(200);
            for (var path : new String[] {"/unicorns", "/health/ishealthy", "/health/dbping"}) {
                assertAway(shop.get(path));
            }
            database.restart();
            assertThat(shop.await("/health/ishealthy", answer -> answer.status() == 200))
                    .isLessThan(SECONDS);
            shop.newcomer();
        }
    }

    @Test
    void aDatabaseThatIsKilledAndComesBackIsUsedAgainAtOnceAndHasLostNothing() {
        try (var shop = Shop.start(database).awaitHealthy()) {
            var user = shop.newcomer();
            assertThat(shop.add(user, shop.unicorn(0)).status()).isEqualTo(204);
            database.kill();
            assertAway(shop.add(user, user));
            assertAway(shop.get("/unicorns"));

            database.restart();
            assertThat(shop.await("/unicorns", answer -> answer.status() == 200))
                    .isLessThan(SECONDS);
            assertThat(shop.get("/unicorns/basket/" + user).json().path("unicorns"))
                    .hasSize(1);
        }
    }

    @Test
    void aDatabaseThatIsCutOffKeepsNoOneWaitingAndIsUsedAgainWhenItAnswers() {
        try (var shop = Shop.start(database).awaitHealthy()) {
            database.freeze();
            try {
                var start = System.nanoTime();
                assertAway(shop.get("/unicorns"));
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
                assertThat(shop.get("/health/ping").status()).isEqualTo(200);
            } finally {
                database.thaw();
            }
            assertThat(shop.await("/unicorns", answer -> answer.status() == 200))
                    .isLessThan(SECONDS);
        }
    }

    private static void assertAway(Shop.Answer answer) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isEqualTo("2");
        assertThat(answer.detail()).isEqualTo("The shop's database does not answer.");
    }
}
