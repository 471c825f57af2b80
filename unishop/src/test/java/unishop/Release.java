package unishop;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The shop as an instance runs it: the jar spread out, the unit's flags, and an AOT cache trained as the bake does. */
final class Release {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final String java;
    private final Path image;
    private final Path flags;

    private Release(String java, Path image, Path flags) {
        this.java = java;
        this.image = image;
        this.flags = flags;
    }

    /** Unpacks unishop/target/unishop.jar for a Java runtime, 25 or newer. */
    static Release unpack(String java) throws Exception {
        var image = Path.of("target/benchmark").toAbsolutePath();
        if (Files.exists(image)) {
            try (var tree = Files.walk(image)) {
                tree.sorted(Comparator.reverseOrder())
                        .forEach(path -> path.toFile().delete());
            }
        }
        var extract = List.of(
                java, "-Djarmode=tools", "-jar", "target/unishop.jar", "extract", "--destination", image.toString());
        check(new ProcessBuilder(extract).inheritIO().start(), "extract");
        return new Release(java, image, Path.of("instance/unishop.jvm").toAbsolutePath());
    }

    /** Records the cache as bake.sh does: started without a database, a secret or AWS, until all its parts are made. */
    void train() throws Exception {
        var environment = Map.of(
                "DB_HOST",
                "127.0.0.1",
                "DB_PORT",
                "1",
                "DB_AUTHORITIES",
                "none",
                "DB_SECRET_ID",
                "none",
                "AWS_ENDPOINT_URL",
                "http://127.0.0.1:1",
                "AWS_ACCESS_KEY_ID",
                "none",
                "AWS_SECRET_ACCESS_KEY",
                "none",
                "AWS_REGION",
                "us-east-1",
                "ALLOWED_ORIGIN",
                "http://localhost");
        check(start(environment, "-XX:AOTCacheOutput=" + cache(), "-Dspring.context.exit=onRefresh"), "training");
        if (!Files.exists(cache())) {
            throw new IllegalStateException("no AOT cache, is " + java + " a Java 25 or newer?");
        }
    }

    /** Starts the shop with its cache. */
    Process startCached(Map<String, String> environment) throws IOException {
        return start(environment, "-XX:AOTCache=" + cache(), "-XX:AOTMode=on");
    }

    /** Starts the shop with further flags of the JVM. */
    Process start(Map<String, String> environment, String... further) throws IOException {
        var command = new ArrayList<>(List.of(java, "@" + flags));
        command.addAll(List.of(further));
        command.addAll(List.of("-jar", image.resolve("unishop.jar").toString()));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(image.resolve("log").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        var shop = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(shop::destroyForcibly));
        return shop;
    }

    /** Waits until an address of the shop is served. */
    static void await(Process shop, int port, String path) throws Exception {
        while (get(port, path) != 200) {
            if (!shop.isAlive()) {
                throw new IllegalStateException(
                        "the shop ended with " + shop.exitValue() + ", see target/benchmark/log");
            }
            Thread.sleep(5);
        }
    }

    private static int get(int port, String path) throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            return CLIENT.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException notYet) {
            return 0;
        }
    }

    private Path cache() {
        return image.resolve("unishop.aot");
    }

    private static void check(Process process, String what) throws InterruptedException {
        if (process.waitFor() != 0) {
            throw new IllegalStateException(what + " failed");
        }
    }
}
