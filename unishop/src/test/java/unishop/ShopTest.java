package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shop on a writable database: its interface, from outside. */
class ShopTest {
    private static final String UNKNOWN = "00000000-0000-0000-0000-000000000000";
    private static final String SITE = "http://site.example";

    private static MariaDb database;
    private static Shop shop;

    @BeforeAll
    static void open() {
        database = MariaDb.start();
        shop = Shop.start(database).awaitHealthy();
    }

    @AfterAll
    static void close() {
        shop.close();
        database.close();
    }

    @Test
    void theCatalogueShowsEveryUnicornWithPriceAndPicture() {
        var unicorns = shop.get("/unicorns").json();
        assertThat(unicorns).hasSize(12);
        assertThat(unicorns).allSatisfy(unicorn -> {
            assertThat(unicorn.propertyNames())
                    .containsExactlyInAnyOrder("uuid", "name", "description", "price", "image");
            assertThat(unicorn.path("price").decimalValue()).isPositive();
            assertThat(unicorn.path("image").asString()).endsWith(".svg");
        });
    }

    @Test
    void aBasketIsFilledKeptAndEmptied() {
        var user = shop.newcomer();
        var first = shop.unicorn(0);
        var second = shop.unicorn(1);
        assertThat(shop.add(user, first).status()).isEqualTo(204);
        assertThat(shop.add(user, first).status()).as("twice is once").isEqualTo(204);
        assertThat(shop.add(user, second).status()).isEqualTo(204);
        assertThat(shop.get("/unicorns/basket/" + user).json().path("unicorns"))
                .extracting(unicorn -> unicorn.path("uuid").asString())
                .containsExactly(first, second);

        assertThat(shop.delete("/unicorns/basket", Map.of("uuid", user, "unicornUuid", first))
                        .status())
                .isEqualTo(204);
        assertThat(shop.delete("/unicorns/basket", Map.of("uuid", user, "unicornUuid", first))
                        .status())
                .isEqualTo(204);
        assertThat(shop.get("/unicorns/basket/" + user).json().path("unicorns")).hasSize(1);
    }

    @Test
    void anEmailSignsUpOnceAndLogsInWhateverItsCase() {
        var created = shop.signUp("Grace@Example.com");
        assertThat(created.status()).isEqualTo(201);
        assertThat(shop.signUp("grace@example.COM").status()).isEqualTo(409);
        assertThat(shop.post("/user/login", Map.of("email", "GRACE@example.com"))
                        .json())
                .isEqualTo(created.json());
        assertThat(shop.post("/user/login", Map.of("email", "unknown@example.com"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void emailsThatDifferByAnAccentAreDifferentCustomers() {
        assertThat(shop.signUp("rene@example.com").status()).isEqualTo(201);
        assertThat(shop.signUp("rené@example.com").status()).isEqualTo(201);
    }

    @Test
    void caseIsThatOfAsciiAlone() {
        assertThat(shop.signUp("kelvin@example.com").status()).isEqualTo(201);
        assertThat(shop.post("/user/login", Map.of("email", "KELVIN@example.com"))
                        .status())
                .isEqualTo(200);
        assertThat(shop.post("/user/login", Map.of("email", "\u212aelvin@example.com"))
                        .status())
                .as("with the Kelvin sign")
                .isEqualTo(400);
        assertThat(shop.signUp("\u0130@example.com").status())
                .as("with a dotted I")
                .isEqualTo(201);
        assertThat(shop.post("/user/login", Map.of("email", "i\u0307@example.com"))
                        .status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({"140, 201", "242, 201", "243, 400"})
    void whatIsCheckedIsWhatIsStored(int letters, int status) {
        var email = "\u0130".repeat(letters) + "@example.com";
        assertThat(shop.signUp(email).status()).isEqualTo(status);
        assertThat(shop.post("/user/login", Map.of("email", email)).status()).isEqualTo(status == 201 ? 200 : 400);
    }

    @Test
    void ofManySignUpsAtOnceWithOneEmailExactlyOneSucceeds() throws Exception {
        var racers = 16;
        var together = new CyclicBarrier(racers);
        var threads = Executors.newFixedThreadPool(racers);
        try {
            var race = new ArrayList<Callable<Integer>>();
            for (var racer = 0; racer < racers; racer++) {
                race.add(() -> {
                    together.await();
                    return shop.signUp("race@example.com").status();
                });
            }
            var answers = new ArrayList<Integer>();
            for (var answer : threads.invokeAll(race)) {
                answers.add(answer.get());
            }
            assertThat(answers).containsOnly(201, 409).containsOnlyOnce(201);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void whoIsUnknownIsNotFound() {
        var user = shop.newcomer();
        var unicorn = shop.unicorn(0);
        assertThat(shop.get("/unicorns/basket/" + UNKNOWN).status()).isEqualTo(404);
        assertThat(shop.add(UNKNOWN, unicorn).detail()).contains("no customer " + UNKNOWN);
        assertThat(shop.add(user, UNKNOWN).detail()).contains("no unicorn " + UNKNOWN);
        assertThat(shop.delete("/unicorns/basket", Map.of("uuid", user, "unicornUuid", UNKNOWN))
                        .status())
                .isEqualTo(404);
        assertThat(shop.delete("/unicorns/basket", Map.of("uuid", UNKNOWN, "unicornUuid", unicorn))
                        .status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, 404",
        "GET, /unicorns/42, 404",
        "GET, /unicorns//, 404",
        "GET, /nowhere/, 404",
        "GET, /unicorns/basket/, 405",
        "GET, /unicorns/basket/not-a-uuid, 400",
        "PUT, /unicorns, 405",
        "DELETE, /user, 405",
        "GET, /user/login, 405",
    })
    void aWrongAddressOrMethodIsAProblemDocument(String method, String path, int status) {
        var answer = shop.send(shop.request(path).method(method, HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.status()).isEqualTo(status);
        assertProblem(answer);
    }

    @Test
    void aFormThatIsNoJsonIsAnUnsupportedMediaType() {
        var form = shop.request("/user").header("Content-Type", "application/x-www-form-urlencoded");
        var answer = shop.send(form.POST(HttpRequest.BodyPublishers.ofString("email=a@example.com")));
        assertThat(answer.status()).isEqualTo(415);
        assertProblem(answer);
    }

    @Test
    void aBodyTooLargeIsRefusedWithAndWithoutALength() {
        var large = "{\"email\":\"" + "a".repeat(1 << 20) + "@example.com\"}";
        var known = shop.post("/user/login", large);
        assertThat(known.status()).as(known.body()).isEqualTo(413);

        var bytes = large.getBytes(StandardCharsets.UTF_8);
        var chunked = HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes));
        var answer = shop.send(shop.request("/user/login")
                .header("Content-Type", "application/json")
                .POST(chunked));
        assertThat(answer.status()).isEqualTo(413);
        assertProblem(answer);
        assertThat(shop.get("/health/ping").status()).isEqualTo(200);
    }

    @Test
    void whatIsNoHttpAtAllGetsAProblemDocumentToo() throws Exception {
        try (var socket = new Socket("127.0.0.1", shop.address().getPort())) {
            socket.getOutputStream()
                    .write("GET /un{icorns HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer)
                    .startsWith("HTTP/1.1 400")
                    .contains("application/problem+json")
                    .doesNotContainIgnoringCase("tomcat");
        }
    }

    @Test
    void onlyTheSitesOwnOriginMayCall() {
        assertThat(shop.get("/unicorns", "Origin", SITE).header("Access-Control-Allow-Origin"))
                .isEqualTo(SITE);
        var stranger = shop.get("/unicorns", "Origin", "http://evil.example");
        assertThat(stranger.status()).isEqualTo(403);
        assertThat(stranger.header("Access-Control-Allow-Origin")).isNull();
        assertThat(stranger.header("Content-Type")).isEqualTo("application/problem+json");
    }

    @ParameterizedTest
    @CsvSource({"POST, /user", "POST, /unicorns/basket", "DELETE, /unicorns/basket"})
    void theSiteLearnsBeforehandThatItMayWrite(String method, String path) {
        var ask = shop.request(
                path,
                "Origin",
                SITE,
                "Access-Control-Request-Method",
                method,
                "Access-Control-Request-Headers",
                "content-type");
        var answer = shop.send(ask.method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Access-Control-Allow-Methods")).contains(method);
    }

    @Test
    void theSiteCanReadErrors() {
        var answer = shop.get("/unicorns/basket/" + UNKNOWN, "Origin", SITE);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(SITE);
    }

    @Test
    void healthShowsThatTheDatabaseCanBeWritten() {
        assertThat(shop.get("/health/ping").status()).isEqualTo(200);
        assertThat(shop.get("/health/ishealthy").json().path("database").asString())
                .isEqualTo("writable");
        assertThat(shop.get("/health/dbping").body()).isEqualTo("{\"writer\":true,\"region\":\"us-east-1\"}");
    }

    private static void assertProblem(Shop.Answer answer) {
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(answer.status());
        assertThat(answer.json().path("title").asString()).isNotBlank();
        assertThat(answer.header("Server")).isNull();
    }
}
