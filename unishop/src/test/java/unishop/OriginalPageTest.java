package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The calls of the public Unishop's page, as a table. Its script builds each address from "host" of config.json, which
 * therefore carries a scheme there, and looks at nothing else in an answer than what the last column says:
 * https://github.com/aws-samples/unishop-monolith-to-microservices/blob/master/MonoToMicroUI/js/app.js
 */
class OriginalPageTest {
    private static final String SITE = "http://site.example";

    /** How an e-mail address, a user and a unicorn of the test's are put into a call. */
    private static final String EMAIL = "{email}", USER = "{user}", UNICORN = "{unicorn}";

    private record Call(String what, String method, String path, String body, int status, String looksAt) {}

    private static final List<Call> CALLS = List.of(
            new Call("catalogue", "GET", "/unicorns/", "", 200, "[].uuid"),
            new Call(
                    "sign up", "POST", "/user", "{'email':'{email}','firstName':'Ada','lastName':'Lovelace'}", 201, ""),
            new Call(
                    "sign up, names left empty",
                    "POST",
                    "/user",
                    "{'email':'{email}','firstName':'','lastName':''}",
                    201,
                    ""),
            new Call("sign up, names emptied again", "POST", "/user", "{'email':'{email}'}", 201, ""),
            new Call("log in", "POST", "/user/login", "{'email':'{email}'}", 200, "uuid email"),
            new Call("add", "POST", "/unicorns/basket", "{'uuid':'{user}','unicorns':[{'uuid':'{unicorn}'}]}", 204, ""),
            new Call("basket", "GET", "/unicorns/basket/{user}", "", 200, "unicorns[].uuid"),
            new Call(
                    "remove",
                    "DELETE",
                    "/unicorns/basket",
                    "{'uuid':'{user}','unicorns':[{'uuid':'{unicorn}'}]}",
                    204,
                    ""));

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

    static Stream<Arguments> calls() {
        return CALLS.stream().map(call -> Arguments.of(call.what(), call));
    }

    /** jQuery asks for leave before a GET too: the page gives every call but that for the basket a Content-Type. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void aBrowserIsAllowedTheCall(String what, Call call) {
        var asks = shop.request(
                call.path().replace(USER, UUID.randomUUID().toString()),
                "Origin",
                SITE,
                "Access-Control-Request-Method",
                call.method(),
                "Access-Control-Request-Headers",
                "content-type");
        var answer = shop.send(asks.method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(SITE);
        assertThat(answer.header("Access-Control-Allow-Methods")).contains(call.method());
        assertThat(answer.header("Access-Control-Allow-Headers")).isEqualTo("content-type");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void theCallIsAnsweredAsThePageExpects(String what, Call call) {
        var email = UUID.randomUUID() + "@example.com";
        var user = what.startsWith("sign up")
                ? ""
                : shop.signUp(email).json().path("uuid").asString();
        var unicorn = shop.unicorn(0);
        if (what.equals("basket") || what.equals("remove")) {
            shop.add(user, unicorn);
        }
        var answer = make(call, email, user, unicorn);
        assertThat(answer.status()).as(answer.body()).isEqualTo(call.status());
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(SITE);
        for (var place : call.looksAt().split(" ")) {
            assertThat(look(answer, place))
                    .as(place)
                    .contains(
                            switch (place) {
                                case "" -> "";
                                case "email" -> email;
                                case "uuid" -> user;
                                default -> unicorn;
                            });
        }
    }

    @Test
    void aVisitIsPossibleFromTheSignUpToTheEmptiedBasket() {
        var email = UUID.randomUUID() + "@example.com";
        var user = "";
        var unicorn = "";
        for (var what : List.of(
                "catalogue",
                "sign up, names emptied again",
                "log in",
                "basket",
                "add",
                "add",
                "basket",
                "remove",
                "remove",
                "basket")) {
            var call = CALLS.stream()
                    .filter(each -> each.what().equals(what))
                    .findFirst()
                    .orElseThrow();
            var answer = make(call, email, user, unicorn);
            assertThat(answer.status()).as(what + " " + answer.body()).isEqualTo(call.status());
            switch (what) {
                case "catalogue" -> unicorn = answer.json().get(0).path("uuid").asString();
                case "log in" -> user = answer.json().path("uuid").asString();
                default -> {}
            }
        }
        assertThat(make(CALLS.get(6), email, user, unicorn).json().path("unicorns"))
                .isEmpty();
    }

    @Test
    void aCustomerWithoutNamesGetsEmptyOnes() {
        var email = UUID.randomUUID() + "@example.com";
        make(CALLS.get(3), email, "", "");
        var user = make(CALLS.get(4), email, "", "").json();
        assertThat(user.path("firstName").asString()).isEmpty();
        assertThat(user.path("lastName").asString()).isEmpty();
    }

    private static Shop.Answer make(Call call, String email, String user, String unicorn) {
        var path = call.path().replace(USER, user);
        var body = call.body()
                .replace('\'', '"')
                .replace(EMAIL, email)
                .replace(USER, user)
                .replace(UNICORN, unicorn);
        var content = body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        return shop.send(shop.request(
                        path,
                        "Origin",
                        SITE,
                        "Content-Type",
                        "application/json",
                        "Accept",
                        "application/json, text/javascript, */*; q=0.01")
                .method(call.method(), content));
    }

    /** The texts at a place such as "unicorns[].uuid". */
    private static List<String> look(Shop.Answer answer, String place) {
        if (place.isEmpty()) {
            return List.of("");
        }
        var steps = place.split("\\[\\]\\.");
        if (steps.length == 1) {
            return List.of(answer.json().path(place).asString());
        }
        var found = new ArrayList<String>();
        (steps[0].isEmpty() ? answer.json() : answer.json().path(steps[0]))
                .forEach(each -> found.add(each.path(steps[1]).asString()));
        return found;
    }
}
