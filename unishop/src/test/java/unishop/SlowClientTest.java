package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients that take their time, all at once because that takes seconds. */
class SlowClientTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String JSON = "Host: shop\r\nContent-Type: application/json\r\n";

    /** What a request begins with, and what is then sent a byte at a time and without an end. */
    private static final Map<String, List<String>> DRIPS = new TreeMap<>(Map.of(
            "request line", List.of("GET /", "a"),
            "head", List.of("GET /unicorns HTTP/1.1\r\nHost: shop\r\nX: ", "a"),
            "second head",
                    List.of(
                            "GET /health/ping HTTP/1.1\r\nHost: shop\r\n\r\nGET /unicorns HTTP/1.1\r\nHost: shop\r\nX: ",
                            "a"),
            "body", List.of("POST /user/login HTTP/1.1\r\n" + JSON + "Content-Length: 60000\r\n\r\n", " "),
            "chunk",
                    List.of("POST /user/login HTTP/1.1\r\n" + JSON + "Transfer-Encoding: chunked\r\n\r\nea60\r\n", " "),
            "chunk's extension",
                    List.of("POST /user/login HTTP/1.1\r\n" + JSON + "Transfer-Encoding: chunked\r\n\r\n1;x=", "a"),
            "body of what is refused",
                    List.of("POST /nowhere HTTP/1.1\r\n" + JSON + "Content-Length: 60000\r\n\r\n", " "),
            "body without a controller",
                    List.of("GET /health/ping HTTP/1.1\r\n" + JSON + "Content-Length: 60000\r\n\r\n", " ")));

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
    void whoeverDripsIsCutOffAndWhoeverIsOnlySlowIsServed() throws Exception {
        var threads = Executors.newCachedThreadPool();
        try {
            var drips = new TreeMap<String, Future<Duration>>();
            DRIPS.forEach((what, drip) -> drips.put(what, threads.submit(() -> drip(drip.get(0), drip.get(1)))));
            var slow = threads.submit((Callable<String>) SlowClientTest::sendSlowly);
            var steady = threads.submit((Callable<Integer>) SlowClientTest::askAgainAndAgain);
            assertThat(slow.get())
                    .startsWith("HTTP/1.1 400")
                    .contains("There is no customer with this e-mail address.");
            assertThat(steady.get()).as("answers on one connection").isGreaterThan(50);
            for (var drip : drips.entrySet()) {
                assertThat(drip.getValue().get())
                        .as(drip.getKey())
                        .isBetween(LIMIT.minusSeconds(1), LIMIT.plusSeconds(4));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Answers how long the shop put up with it. */
    private static Duration drip(String beginning, String trickle) throws Exception {
        var start = System.nanoTime();
        try (var socket = connect()) {
            socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
            var reader = new Thread(() -> readToTheEnd(socket));
            reader.start();
            while (reader.isAlive()
                    && System.nanoTime() - start < LIMIT.multipliedBy(2).toNanos()) {
                socket.getOutputStream().write(trickle.getBytes(StandardCharsets.US_ASCII));
                Thread.sleep(250);
            }
        } catch (IOException cutOff) {
            // As it should be.
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static String readToTheEnd(Socket socket) {
        try {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException cutOff) {
            return "";
        }
    }

    private static String sendSlowly() throws Exception {
        try (var socket = connect()) {
            var body = "{\"email\":\"slow@example.com\"}";
            var request = "POST /user/login HTTP/1.1\r\nConnection: close\r\n" + JSON + "Content-Length: "
                    + body.length() + "\r\n\r\n" + body;
            for (var piece : request.split("(?<=\\G.{10})", 0)) {
                socket.getOutputStream().write(piece.getBytes(StandardCharsets.US_ASCII));
                Thread.sleep(200);
            }
            return readToTheEnd(socket);
        }
    }

    /** Keeps one connection busy for longer than one request may take, and answers how many answers it had. */
    private static int askAgainAndAgain() throws Exception {
        try (var socket = connect()) {
            var start = System.nanoTime();
            var answers = 0;
            // Tomcat ends a connection after a hundred answers.
            while (System.nanoTime() - start < LIMIT.plusSeconds(3).toNanos()) {
                socket.getOutputStream()
                        .write("HEAD /health/ping HTTP/1.1\r\nHost: shop\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                if (socket.getInputStream().read(new byte[4096]) < 0) {
                    throw new IOException("the shop ended the connection after " + answers + " answers");
                }
                answers++;
                Thread.sleep(150);
            }
            return answers;
        }
    }

    private static Socket connect() throws IOException {
        var socket = new Socket("127.0.0.1", shop.address().getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        return socket;
    }
}
