package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
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
            "POST /unicorns/basket list", Map.of("uuid", UUID, "unicorns", List.of(Map.of("uuid", UUID))),
            "DELETE /unicorns/basket", Map.of("uuid", UUID, "unicornUuid", UUID),
            "DELETE /unicorns/basket list", Map.of("uuid", UUID, "unicorns", List.of(Map.of("uuid", UUID)))));

    /** What is not even a text of the right kind, as JSON. */
    private static final List<String> WRONG = List.of(
            "null",
            "42",
            "4.2",
            "true",
            "[]",
            "{}",
            "[\"a\"]",
            "\"\"",
            "\"   \"",
            "\"a\\u0000b@example.com\"",
            "\"a\\nb@example.com\"",
            "\"\\ud800\"",
            "\"" + "a".repeat(300) + "@example.com\"");

    private static final List<String> EMPTY = List.of("null", "\"\"", "\"   \"");

    /** What is a text, though no nice one: it must be kept as it is. */
    private static final List<String> TEXTS = List.of(
            "Robert'); DROP TABLE unishop.unicorn_user; --",
            "' OR '1'='1",
            "\" OR \"\"=\"",
            "\\",
            "%_",
            "<script>alert(1)</script>",
            "&lt;b&gt;",
            "${jndi:ldap://x}",
            "#{T(java.lang.Runtime).getRuntime()}",
            "Zoë 王小明 🦄👩‍🚀",
            "עברית",
            "e\u0301",
            "null",
            "NaN",
            "a".repeat(100),
            "",
            "   ");

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

    /** What a client sends wrongly is no fault of the shop's. */
    @AfterEach
    void noStackTraceIsInTheLog(CapturedOutput log) {
        assertThat(log.getOut()).doesNotContain("stack_trace");
    }

    static Stream<Arguments> wrongValues() {
        return FORMS.keySet().stream()
                .flatMap(call -> FORMS.get(call).keySet().stream()
                        .flatMap(field -> WRONG.stream()
                                .filter(value -> !mayBeEmpty(field) || !EMPTY.contains(value))
                                .map(value -> Arguments.of(call, field, value))));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("wrongValues")
    void aWrongValueInAnyFieldIsABadRequestThatNamesTheField(String call, String field, String value) {
        var before = everything();
        var answer = send(call, with(call, field, value));
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        // Of the two ways to name a unicorn neither is missing alone.
        assertThat(answer.detail())
                .contains(field)
                .matches("(uuid|email|(first|last)Name|unicorn.*) .*")
                .doesNotContain("java", "unishop", "tools.");
        assertThat(everything()).isEqualTo(before);
    }

    private static boolean mayBeEmpty(String field) {
        return field.endsWith("Name");
    }

    static Stream<Arguments> fields() {
        return FORMS.keySet().stream()
                .flatMap(call -> FORMS.get(call).keySet().stream().map(field -> Arguments.of(call, field)));
    }

    @ParameterizedTest
    @MethodSource("fields")
    void aMissingFieldIsABadRequestThatNamesIt(String call, String field) {
        var form = new TreeMap<>(FORMS.get(call));
        form.remove(field);
        var answer = send(call, new JsonMapper().writeValueAsString(form));
        if (mayBeEmpty(field)) {
            assertThat(answer.status()).isIn(201, 409);
            return;
        }
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.detail())
                .isEqualTo(
                        field.startsWith("unicorn") ? "unicornUuid or unicorns is missing." : field + " is missing.");
    }

    @ParameterizedTest
    @MethodSource("fields")
    void aMebibyteInAnyFieldIsTooLarge(String call, String field) {
        assertThat(send(call, with(call, field, "\"" + "a".repeat(1 << 20) + "\""))
                        .status())
                .isEqualTo(413);
    }

    static Stream<Arguments> bodies() {
        return FORMS.keySet().stream()
                .flatMap(call -> Stream.of(
                                "",
                                "null",
                                "[]",
                                "42",
                                "\"text\"",
                                "{",
                                "{\"email\":}",
                                "\u0000",
                                "[".repeat(5000),
                                "{} {}")
                        .map(body -> Arguments.of(call, body)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aBodyThatIsNoFormIsABadRequest(String call, String body) {
        var answer = send(call, body);
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.detail()).isNotBlank().doesNotContain("java", "unishop.", "tools.");
    }

    @ParameterizedTest
    @MethodSource("fields")
    void aKeyThatStandsTwiceIsABadRequest(String call, String field) {
        var form = new JsonMapper().writeValueAsString(FORMS.get(call));
        var again = form.replaceFirst(
                "}$",
                ",\"" + field + "\":"
                        + new JsonMapper().writeValueAsString(FORMS.get(call).get(field)) + "}");
        assertProblem(send(call, again), 400, "The body names a key twice: line 1, column ");
    }

    /** Jackson's limits: https://javadoc.io/doc/tools.jackson.core/jackson-core/latest/tools.jackson.core/tools/jackson/core/StreamReadConstraints.html */
    static Stream<Arguments> tooMuch() {
        var values = Stream.of(
                "1".repeat(1200),
                "-0." + "1".repeat(1200),
                "[".repeat(600),
                "{\"a\":".repeat(600),
                "{\"" + "k".repeat(51_000) + "\":1}");
        return values.flatMap(value -> FORMS.keySet().stream()
                .flatMap(call -> FORMS.get(call).keySet().stream()
                        .flatMap(field -> Stream.of(field, "unknown"))
                        .map(key -> Arguments.of(call, key, value))));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("tooMuch")
    void aNumberANestingOrAKeyBeyondJacksonsLimitsIsABadRequest(String call, String key, String value) {
        var answer = send(call, "{\"" + key + "\":" + value + "}");
        assertProblem(answer, 400, "");
    }

    static Stream<Arguments> contentTypes() {
        return FORMS.keySet().stream()
                .flatMap(call -> Stream.of(
                                "*/*",
                                "application/*",
                                "*/json",
                                "x",
                                "application/xml",
                                "application/json;charset=none",
                                "application/json;charset=*",
                                "application/json;q=7",
                                "application/json, */*",
                                ";",
                                "\"")
                        .map(type -> Arguments.of(call, type)));
    }

    @ParameterizedTest
    @MethodSource("contentTypes")
    void aContentTypeThatIsNoJsonIsUnsupported(String call, String type) {
        var words = call.split(" ");
        for (var headers : new String[][] {{}, {"Origin", "http://site.example"}}) {
            var request = shop.request(words[1], headers).header("Content-Type", type);
            // To Spring a DELETE whose body is of another type has none.
            var status = words[0].equals("DELETE") && type.equals("application/xml") ? 400 : 415;
            assertProblem(shop.send(request.method(words[0], HttpRequest.BodyPublishers.ofString("{}"))), status, "");
        }
    }

    static Stream<Arguments> accepts() {
        return Stream.of(
                        "GET /nowhere 404",
                        "GET /unicorns/basket/42 400",
                        "GET /unicorns/basket/" + UUID + " 404",
                        "PUT /unicorns 405",
                        "POST /user 400")
                .flatMap(
                        call -> Stream.of("x", "*", "/", "text/html", "application/json;q=2", ",", "image/*", "*/*;q=0")
                                .map(accept -> Arguments.of(call, accept)));
    }

    @ParameterizedTest
    @MethodSource("accepts")
    void whatIsWrongIsSaidWhateverTheClientAccepts(String call, String accept) {
        var words = call.split(" ");
        var answer = shop.send(
                shop.request(words[1], "Accept", accept).method(words[0], HttpRequest.BodyPublishers.noBody()));
        assertProblem(answer, Integer.parseInt(words[2]), "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "/", "text/html", "application/json;q=2", "image/*"})
    void aClientThatAcceptsNoJsonGetsAnErrorThatSaysSo(String accept) {
        assertProblem(shop.get("/unicorns", "Accept", accept), 406, "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]|unicorns holds 0 unicorns, it must hold one.",
                "[{'uuid':'U'},{'uuid':'U'}]|unicorns holds 2 unicorns, it must hold one.",
                "[null]|unicorns[0].uuid is missing.",
                "[{}]|unicorns[0].uuid is missing.",
                "[{'uuid':null}]|unicorns[0].uuid is missing.",
                "[{'uuid':42}]|unicorns has the wrong type or form.",
                "[{'uuid':'U'}],'unicornUuid':'U'|unicornUuid and unicorns are both there, give one of them.",
            })
    void aListThatDoesNotNameOneUnicornIsABadRequest(String unicorns, String detail) {
        for (var method : List.of("POST", "DELETE")) {
            var body = "{'uuid':'U','unicorns':" + unicorns + "}";
            assertProblem(
                    send(
                            method + " /unicorns/basket",
                            body.replace("'U'", "'" + UUID + "'").replace('\'', '"')),
                    400,
                    detail);
        }
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
    void sqlInAnEmailLogsNoOneIn() {
        shop.signUp("victim@example.com");
        for (var email : List.of(
                "'OR'1'='1'--@example.com",
                "victim@example.com'--",
                "victim@example.com\\",
                "%@example.com",
                "victim@example.co_")) {
            assertThat(shop.post("/user/login", Map.of("email", email)).status())
                    .as(email)
                    .isEqualTo(400);
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
        assertThat(log.getOut().lines())
                .allSatisfy(line -> assertThat(new JsonMapper()
                                .readTree(line)
                                .path("@timestamp")
                                .asString())
                        .isNotBlank());
    }

    private static void assertProblem(Shop.Answer answer, int status, String detail) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        assertThat(answer.detail())
                .startsWith(detail)
                .isNotBlank()
                .doesNotContain("java", "unishop.", "tools.", "Jackson");
    }

    private Shop.Answer send(String call, String body) {
        var words = call.split(" ");
        return shop.send(shop.request(words[1])
                .header("Content-Type", "application/json")
                .method(words[0], HttpRequest.BodyPublishers.ofString(body)));
    }

    /** The form of a call, with one field replaced by a piece of JSON. */
    private static String with(String call, String field, String json) {
        var form = new TreeMap<>(FORMS.get(call));
        form.put(field, "REPLACED");
        return new JsonMapper().writeValueAsString(form).replace("\"REPLACED\"", json);
    }

    private List<Long> everything() {
        return Stream.of("unicorns", "unicorn_user", "unicorns_basket")
                .map(table -> database.number("SELECT COUNT(*) FROM unishop." + table))
                .toList();
    }
}
