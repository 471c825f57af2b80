package unishop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole application, started as main does, and called by HTTP. */
final class Shop implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final ConfigurableApplicationContext application;
    private final String address;

    private Shop(ConfigurableApplicationContext application) {
        this.application = application;
        this.address = "http://127.0.0.1:" + application.getEnvironment().getProperty("local.server.port");
    }

    static Shop start(Map<String, String> environment) {
        return new Shop(Unishop.start(Settings.of(environment)));
    }

    static Shop start(MariaDb database) {
        return start(database.environment());
    }

    /** What the shop answered. */
    record Answer(int status, HttpHeaders headers, String body) {
        JsonNode json() {
            return JSON.readTree(body);
        }

        String header(String name) {
            return headers.firstValue(name).orElse(null);
        }

        String detail() {
            return json().path("detail").asString();
        }
    }

    Answer get(String path, String... headers) {
        return send(request(path, headers).GET());
    }

    Answer post(String path, String body, String... headers) {
        return send(request(path, headers)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    Answer post(String path, Map<String, ?> body) {
        return post(path, JSON.writeValueAsString(body));
    }

    Answer delete(String path, Map<String, ?> body) {
        var json = HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body));
        return send(request(path).header("Content-Type", "application/json").method("DELETE", json));
    }

    Answer send(HttpRequest.Builder request) {
        try {
            var response =
                    client.send(request.timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.headers(), response.body());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    HttpRequest.Builder request(String path, String... headers) {
        var request = HttpRequest.newBuilder(URI.create(address + path));
        return headers.length == 0 ? request : request.headers(headers);
    }

    URI address() {
        return URI.create(address);
    }

    /** Signs up a new customer, and returns the user's uuid. */
    String newcomer() {
        var answer = signUp(UUID.randomUUID() + "@example.com");
        if (answer.status() != 201) {
            throw new AssertionError("sign-up answered " + answer);
        }
        return answer.json().path("uuid").asString();
    }

    Answer signUp(String email) {
        return post("/user", Map.of("email", email, "firstName", "Ada", "lastName", "Lovelace"));
    }

    Answer add(String user, String unicorn) {
        return post("/unicorns/basket", Map.of("uuid", user, "unicornUuid", unicorn));
    }

    String unicorn(int place) {
        return get("/unicorns").json().get(place).path("uuid").asString();
    }

    /** Asks again until the answer is as it must become, and answers how long that took. */
    Duration await(String path, Predicate<Answer> arrived) {
        var start = System.nanoTime();
        Answer last = null;
        while (System.nanoTime() - start < PATIENCE.toNanos()) {
            last = get(path);
            if (arrived.test(last)) {
                return Duration.ofNanos(System.nanoTime() - start);
            }
            pause();
        }
        throw new AssertionError(path + " still answers " + last);
    }

    /** Waits until the shop serves: its schema is there and up to date. */
    Shop awaitHealthy() {
        await("/health/ishealthy", answer -> answer.status() == 200);
        return this;
    }

    static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Override
    public void close() {
        application.close();
    }
}
