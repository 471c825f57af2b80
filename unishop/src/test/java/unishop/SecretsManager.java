package unishop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** A Secrets Manager for the test, which holds the credentials of one database, or nothing. */
final class SecretsManager implements AutoCloseable {
    /** The password in the secret; null while there is no secret. */
    volatile String password;

    /** The signature and the body of the last request. */
    volatile String asked = "";

    /** How often it was asked. */
    final AtomicInteger questions = new AtomicInteger();

    private final String user;
    private final HttpServer server;

    SecretsManager(MariaDb database) {
        user = database.user;
        password = database.password;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.createContext("/", this::answer);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        var request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        questions.incrementAndGet();
        asked = exchange.getRequestHeaders().getFirst("Authorization") + request;
        var known = password;
        var secret = known == null ? null : """
                {"Name": "any", "SecretString": "{\\"username\\": \\"%s\\", \\"password\\": \\"%s\\", \\"host\\": \\"elsewhere.example\\"}"}""".formatted(user, known);
        var body = secret == null ? "{\"__type\": \"ResourceNotFoundException\"}" : secret;
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
        exchange.sendResponseHeaders(secret == null ? 400 : 200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
