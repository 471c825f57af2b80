package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The shop on a database that cannot be written, or no longer, or not yet. */
class PilotLightTest {
    private final MariaDb database = MariaDb.start();

    @AfterEach
    void stop() {
        database.close();
    }

    @Test
    void onAReadOnlyDatabaseTheShopShowsEverythingAndTakesOrdersAsSoonAsItIsPromoted() {
        var user = customerWithAnOrder();
        database.sql("SET GLOBAL read_only = 1");
        try (var shop = Shop.start(database).awaitHealthy()) {
            assertReadOnly(shop, user);
            database.sql("SET GLOBAL read_only = 0");
            assertThat(shop.add(user, shop.unicorn(1)).status())
                    .as("the first write after the promotion")
                    .isEqualTo(204);
            assertThat(shop.get("/health/dbping").json().path("writer").asBoolean())
                    .isTrue();
        }
    }

    @Test
    void onAnAuroraReaderTheShopShowsEverythingAndChangesNothing() {
        var user = customerWithAnOrder();
        database.stop();
        database.restart("--innodb-read-only");
        try (var shop = Shop.start(database).awaitHealthy()) {
            assertReadOnly(shop, user);
            database.stop();
            database.restart();
            shop.awaitHealthy();
            assertThat(shop.add(user, shop.unicorn(1)).status()).isEqualTo(204);
        }
    }

    @Test
    void whatIsStillMissingIsSaidAndMadeOnceTheDatabaseIsPromoted() {
        database.sql("SET GLOBAL read_only = 1");
        try (var shop = Shop.start(database)) {
            assertThat(shop.get("/unicorns").status()).isEqualTo(503);
            var health = shop.get("/health/ishealthy");
            assertThat(health.status()).isEqualTo(503);
            assertThat(health.header("Retry-After")).isEqualTo("2");
            assertThat(health.detail()).isEqualTo("The shop's tables are not there yet.");
            assertThat(shop.get("/health/dbping").json().path("writer").asBoolean())
                    .isFalse();
            Shop.pause();
            assertThat(database.number(
                            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'unishop'"))
                    .isZero();

            database.sql("SET GLOBAL read_only = 0");
            shop.awaitHealthy();
            assertThat(shop.add(shop.newcomer(), shop.unicorn(0)).status()).isEqualTo(204);
        }
    }

    /** Between the two migrations of the very first start, which replicate one by one. */
    @Test
    void aCatalogueThatIsStillEmptyIsToBeAskedForAgain() {
        customerWithAnOrder();
        database.sql("DELETE FROM unishop.unicorns_basket", "DELETE FROM unishop.unicorns", "SET GLOBAL read_only = 1");
        try (var shop = Shop.start(database)) {
            for (var path : new String[] {"/unicorns", "/health/ishealthy"}) {
                var answer = shop.get(path);
                assertThat(answer.status()).as(path).isEqualTo(503);
                assertThat(answer.header("Retry-After")).isEqualTo("2");
                assertThat(answer.detail()).isEqualTo("The catalogue is empty.");
            }
        }
    }

    @Test
    void demotedWhileItRunsTheShopGoesOnShowingAndTakesOrdersAgainLater() {
        try (var shop = Shop.start(database).awaitHealthy()) {
            var user = shop.newcomer();
            shop.add(user, shop.unicorn(0));
            database.sql("SET GLOBAL read_only = 1");
            assertReadOnly(shop, user);
            database.sql("SET GLOBAL read_only = 0");
            assertThat(shop.add(user, shop.unicorn(1)).status()).isEqualTo(204);
        }
    }

    @Test
    void aMigrationThatWasCutOffIsRunAgain() {
        customerWithAnOrder();
        database.sql(
                "UPDATE unishop.flyway_schema_history SET success = 0 WHERE version = '2'",
                "DELETE FROM unishop.unicorns_basket",
                "DELETE FROM unishop.unicorns WHERE name < 'M'");
        try (var shop = Shop.start(database)) {
            shop.await("/unicorns", answer -> answer.json().size() == 12);
        }
        assertThat(database.number("SELECT MIN(success) FROM unishop.flyway_schema_history"))
                .isOne();
    }

    /** What a primary left behind: a schema, and a user with one unicorn in the basket. */
    private String customerWithAnOrder() {
        try (var shop = Shop.start(database).awaitHealthy()) {
            var user = shop.newcomer();
            assertThat(shop.add(user, shop.unicorn(0)).status()).isEqualTo(204);
            return user;
        }
    }

    private void assertReadOnly(Shop shop, String user) {
        var users = database.number("SELECT COUNT(*) FROM unishop.unicorn_user");
        var unicorn = shop.unicorn(0);
        assertThat(shop.get("/unicorns").json()).hasSize(12);
        assertThat(shop.get("/health/ishealthy").json().path("database").asString())
                .isEqualTo("read-only");
        assertThat(shop.get("/health/dbping").body()).isEqualTo("{\"writer\":false,\"region\":\"us-east-1\"}");

        assertTriedAgainLater(shop.signUp("late@example.com"));
        assertTriedAgainLater(shop.add(user, shop.unicorn(1)));
        assertTriedAgainLater(shop.delete("/unicorns/basket", Map.of("uuid", user, "unicornUuid", unicorn)));

        assertThat(shop.get("/unicorns/basket/" + user).json().path("unicorns")).hasSize(1);
        assertThat(database.number("SELECT COUNT(*) FROM unishop.unicorn_user")).isEqualTo(users);
    }

    private static void assertTriedAgainLater(Shop.Answer answer) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isEqualTo("2");
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.detail()).contains("read-only");
    }
}
