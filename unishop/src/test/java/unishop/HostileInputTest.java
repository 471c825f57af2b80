package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;

/** Whatever is put into a field, nothing of it is executed, nothing is lost, and nothing of it is in the log. */
@ExtendWith(OutputCaptureExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileInputTest {
    private static final String UUID = "00000000-0000-0000-0000-000000000000";

    /** Every call that takes a body, with values that it would accept. */
    private static final Map<String, Map<String, Object>> FORMS = new TreeMap<>(Map.of(
            "POST /user", Map.of("email", "x@example.com", "firstName", "X", "lastName", "Y"),
            "POST /user/login", Map.of("email", "x@example.com"),
            "POST /unicorns/basket", Map.of("uuid", UUID, "unicornUuid", UUID),
            "DELETE /unicorns/basket", Map.of("uuid", UUID, "unicornUuid", UUID)));

    /** What is not even a text of the right kind, as JSON. */
    private static final List<String> WRONG = List.of(
            "null", "42", "4.2", "true", "[]", "{}", "[\"a\"]", "\"\"", "\"   \"", "\"a\\u0000b@example.com\"", "\"a\\nb@example.com\"",
            "\"\\ud800\"", "\"" + "a".repeat(300) + "@example.com\"");

    /** What is a text, though no nice one: it must be kept as it is. */
    private static final List<String> TEXTS = List.of(
            "Robert'); DROP TABLE unishop.unicorn_user; --", "' OR '1'='1", "\" OR \"\"=\"", "\\", "%_", "<script>alert(1)</script>",
            "&lt;b&gt;", "${jndi:ldap://x}", "#{T(java.lang.Runtime).getRuntime()}", "Zoë 王小明 🦄👩‍🚀", "עברית", "e\u0301", "null", "NaN", "a".repeat(100));

    private MariaDb database;
    private Shop shop;

    @BeforeAll
    void open() {
        database = MariaDb.start();
        shop = Shop.start(database).awaitHealthy();
    }

    @AfterAll
    void close() {
        shop.close();
        database.close();
    }

    static Stream<Arguments> wrongValues() {
        return FORMS.keySet().stream().flatMap(call -> FORMS.get(call).keySet().stream()
                .flatMap(field -> WRONG.stream().map(value -> Arguments.of(call, field, value))));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("wrongValues")
    void aWrongValueInAnyFieldIsABadRequestThatNamesTheField(String call, String field, String value) {
        var before = everything();
        var answer = send(call, with(call, field, value));
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.detail()).startsWith(field + " ").doesNotContain("java", "unishop", "tools.");
        assertThat(everything()).isEqualTo(before);
    }

    static Stream<Arguments> fields() {
        return FORMS.keySet().stream().flatMap(call -> FORMS.get(call).keySet().stream().map(field -> Arguments.of(call, field)));
    }

    @ParameterizedTest
    @MethodSource("fields")
    void aMissingFieldIsABadRequestThatNamesIt(String call, String field) {
        var form = new TreeMap<>(FORMS.get(call));
        form.remove(field);
        var answer = send(call, new JsonMapper().writeValueAsString(form));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.detail()).isEqualTo(field + " is missing.");
    }

    @ParameterizedTest
    @MethodSource("fields")
    void aMebibyteInAnyFieldIsTooLarge(String call, String field) {
        assertThat(send(call, with(call, field, "\"" + "a".repeat(1 << 20) + "\"")).status()).isEqualTo(413);
    }

    static Stream<Arguments> bodies() {
        return FORMS.keySet().stream().flatMap(call -> Stream.of("", "null", "[]", "42", "\"text\"", "{", "{\"email\":}", "\u0000", "[".repeat(5000), "{} {}")
                .map(body -> Arguments.of(call, body)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aBodyThatIsNoFormIsABadRequest(String call, String body) {
        var answer = send(call, body);
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.detail()).isNotBlank().doesNotContain("java", "unishop.", "tools.");
    }

    @Test
    void everyTextIsKeptAsItIs() {
        for (var text : TEXTS) {
            var email = "text" + TEXTS.indexOf(text) + "@example.com";
            var created = shop.post("/user", Map.of("email", email, "firstName", text, "lastName", text));
            assertThat(created.status()).as(text).isEqualTo(201);
            assertThat(created.header("Content-Type")).isEqualTo("application/json");
            var found = shop.post("/user/login", Map.of("email", email)).json();
            assertThat(found.path("firstName").asString()).isEqualTo(text);
            assertThat(found.path("lastName").asString()).isEqualTo(text);
        }
    }

    @Test
    void sqlInAnEmailLogsNobodyIn() {
        shop.signUp("victim@example.com");
        for (var email : List.of("'OR'1'='1'--@example.com", "victim@example.com'--", "victim@example.com\\", "%@example.com", "victim@example.co_")) {
            assertThat(shop.post("/user/login", Map.of("email", email)).status()).as(email).isEqualTo(400);
        }
    }

    @Test
    void nothingThatACustomerTypesIsInTheLog(CapturedOutput log) {
        shop.signUp("secret-person@example.com");
        assertThat(shop.signUp("secret-person@example.com").status()).isEqualTo(409);
        shop.post("/user/login", Map.of("email", "secret-person@example.com"));
        shop.post("/user", "{\"email\": secret-person@example.com}");
        shop.post("/user", "{\"email\": [\"secret-person@example.com\"]}");
        shop.get("/unicorns?email=secret-person@example.com");
        assertThat(log.getOut()).contains("\"path\":\"/user/login\"").doesNotContain("secret-person");
        assertThat(log.getOut().lines()).allSatisfy(line -> assertThat(new JsonMapper().readTree(line).path("@timestamp").asString()).isNotBlank());
    }

    private Shop.Answer send(String call, String body) {
        var words = call.split(" ");
        return shop.send(shop.request(words[1]).header("Content-Type", "application/json")
                .method(words[0], HttpRequest.BodyPublishers.ofString(body)));
    }

    /** The form of a call, with one field replaced by a piece of JSON. */
    private static String with(String call, String field, String json) {
        var form = new TreeMap<>(FORMS.get(call));
        form.put(field, "REPLACED");
        return new JsonMapper().writeValueAsString(form).replace("\"REPLACED\"", json);
    }

    private List<Long> everything() {
        return Stream.of("unicorns", "unicorn_user", "unicorns_basket").map(table -> database.number("SELECT COUNT(*) FROM unishop." + table)).toList();
    }
}
