package unishop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures the start of the shop, from the start of its process to the first catalogue served, with and without the AOT
 * cache, the way an instance starts: its credentials come from a Secrets Manager. The two take turns, so that a busy
 * machine slows both. Run in unishop/, after `mvn package`:
 *
 *     java -cp target/test-classes unishop.StartBenchmark <java 25> [runs]
 */
final class StartBenchmark {
    private record Start(Duration wall, Duration processor) {}

    public static void main(String[] arguments) throws Exception {
        var runs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        var release = Release.unpack(arguments[0]);
        release.train();
        var without = new ArrayList<Start>();
        var with = new ArrayList<Start>();
        try (var database = MariaDb.start();
                var secrets = new SecretsManager(database)) {
            var environment = database.environment();
            environment.remove("DB_USER");
            environment.remove("DB_PASSWORD");
            environment.putAll(Map.of(
                    "DB_SECRET_ID",
                    "any",
                    "AWS_ENDPOINT_URL",
                    secrets.endpoint(),
                    "AWS_ACCESS_KEY_ID",
                    "any",
                    "AWS_SECRET_ACCESS_KEY",
                    "any"));
            measure(release, environment, false); // makes the schema
            for (var run = 0; run < runs; run++) {
                without.add(measure(release, environment, false));
                with.add(measure(release, environment, true));
            }
        }
        print("without AOT cache", without);
        print("with AOT cache", with);
        System.out.printf(
                Locale.ROOT,
                "ratio of the medians: %.2f of the time, %.2f of the processor time%n",
                ratio(
                        with.stream().map(Start::wall).toList(),
                        without.stream().map(Start::wall).toList()),
                ratio(
                        with.stream().map(Start::processor).toList(),
                        without.stream().map(Start::processor).toList()));
    }

    private static Start measure(Release release, Map<String, String> environment, boolean cached) throws Exception {
        var port = MariaDb.freePort();
        environment.put("PORT", String.valueOf(port));
        var start = System.nanoTime();
        var shop = cached ? release.startCached(environment) : release.start(environment);
        try {
            Release.await(shop, port, "/unicorns");
            return new Start(
                    Duration.ofNanos(System.nanoTime() - start),
                    shop.info().totalCpuDuration().orElseThrow());
        } finally {
            shop.destroy();
            shop.waitFor();
        }
    }

    private static void print(String what, List<Start> starts) {
        var wall = starts.stream().map(Start::wall).toList();
        System.out.printf(
                "%s: median %d ms, fastest %d, slowest %d, processor time %d ms, %d runs%n",
                what,
                median(wall).toMillis(),
                Collections.min(wall).toMillis(),
                Collections.max(wall).toMillis(),
                median(starts.stream().map(Start::processor).toList()).toMillis(),
                starts.size());
    }

    private static double ratio(List<Duration> first, List<Duration> second) {
        return (double) median(first).toNanos() / median(second).toNanos();
    }

    private static Duration median(List<Duration> durations) {
        return durations.stream().sorted().toList().get(durations.size() / 2);
    }
}
