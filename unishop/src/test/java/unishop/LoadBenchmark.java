package unishop;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Sends shoppers into the shop who do not stop to think: each signs up, logs in, looks at the catalogue, fills and
 * empties a basket, and comes back as a new customer. Shop, MariaDB and shoppers share this machine. Run in unishop/,
 * after `mvn package`:
 *
 *     java -cp target/test-classes unishop.LoadBenchmark <java 25> [shoppers] [seconds]
 */
final class LoadBenchmark {
    private static final Pattern UUIDS = Pattern.compile("\"uuid\":\"([^\"]+)\"");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String shop;
    private final long end;

    private LoadBenchmark(int port, Duration duration) {
        this.shop = "http://127.0.0.1:" + port;
        this.end = System.nanoTime() + duration.toNanos();
    }

    public static void main(String[] arguments) throws Exception {
        var shoppers = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 200;
        var seconds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 30;
        var release = Release.unpack(arguments[0]);
        release.train();
        var flawless = false;
        try (var database = MariaDb.start()) {
            var environment = database.environment();
            var port = MariaDb.freePort();
            environment.put("PORT", String.valueOf(port));
            var shop = release.startCached(environment);
            try {
                Release.await(shop, port, "/health/ishealthy");
                flawless = new LoadBenchmark(port, Duration.ofSeconds(seconds)).run(shoppers, seconds);
            } finally {
                shop.destroy();
                shop.waitFor();
            }
        }
        System.exit(flawless ? 0 : 1);
    }

    /** Answers whether there was no error. */
    private boolean run(int shoppers, int seconds) throws InterruptedException {
        var crowd = new ArrayList<Shopper>();
        for (var number = 0; number < shoppers; number++) {
            crowd.add(new Shopper());
        }
        crowd.forEach(Thread::start);
        for (var shopper : crowd) {
            shopper.join();
        }
        var times = crowd.stream()
                .flatMapToLong(shopper -> shopper.times.stream().mapToLong(Long::longValue))
                .sorted()
                .toArray();
        var errors = crowd.stream()
                .map(shopper -> shopper.errors)
                .flatMap(List::stream)
                .toList();
        System.out.printf(
                "%d shoppers, %d s, %d processors: %d requests, %d a second, p50 %d ms, p99 %d ms, slowest %d ms, %d errors%n",
                shoppers,
                seconds,
                Runtime.getRuntime().availableProcessors(),
                times.length,
                times.length / seconds,
                percentile(times, 50),
                percentile(times, 99),
                percentile(times, 100),
                errors.size());
        errors.stream().distinct().limit(10).forEach(System.out::println);
        return errors.isEmpty();
    }

    private static long percentile(long[] sorted, int percent) {
        var place = Math.min(sorted.length - 1, sorted.length * percent / 100);
        return Duration.ofNanos(sorted[place]).toMillis();
    }

    private final class Shopper extends Thread {
        private final List<Long> times = new ArrayList<>();
        private final List<String> errors = new ArrayList<>();

        @Override
        public void run() {
            while (System.nanoTime() < end) {
                try {
                    visit();
                } catch (IOException | InterruptedException | IllegalStateException failed) {
                    errors.add(failed.toString());
                }
            }
        }

        private void visit() throws IOException, InterruptedException {
            var email = "{\"email\":\"" + UUID.randomUUID() + "@example.com\"";
            var user = uuids(call("POST", "/user", email + ",\"firstName\":\"Ada\",\"lastName\":\"Lovelace\"}", 201))
                    .get(0);
            call("POST", "/user/login", email + "}", 200);
            var unicorns = uuids(call("GET", "/unicorns", "", 200));
            var item = "{\"uuid\":\"" + user + "\",\"unicornUuid\":\"" + unicorns.get(0) + "\"}";
            call("POST", "/unicorns/basket", item, 204);
            call("POST", "/unicorns/basket", item.replace(unicorns.get(0), unicorns.get(1)), 204);
            call("DELETE", "/unicorns/basket", item, 204);
            if (!uuids(call("GET", "/unicorns/basket/" + user, "", 200)).equals(List.of(user, unicorns.get(1)))) {
                throw new IllegalStateException("the basket is not what was put into it");
            }
        }

        private String call(String method, String path, String body, int expected)
                throws IOException, InterruptedException {
            var content =
                    body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
            var request = HttpRequest.newBuilder(URI.create(shop + path))
                    .header("Content-Type", "application/json")
                    .timeout(Duration.ofSeconds(30))
                    .method(method, content)
                    .build();
            var start = System.nanoTime();
            var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            times.add(System.nanoTime() - start);
            if (answer.statusCode() != expected) {
                throw new IllegalStateException(
                        method + " " + path.replaceAll("[0-9a-f-]{36}", "…") + " answered " + answer.statusCode());
            }
            return answer.body();
        }
    }

    private static List<String> uuids(String json) {
        return UUIDS.matcher(json).results().map(match -> match.group(1)).toList();
    }
}
