package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;

/** What no HTTP client sends: each request is written byte by byte. */
@ExtendWith(OutputCaptureExtension.class)
class RawRequestTest {
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

    @AfterEach
    void noStackTraceIsInTheLog(CapturedOutput log) {
        assertThat(log.getOut()).doesNotContain("stack_trace");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET // HTTP/1.1|Host: shop",
                "GET ///unicorns HTTP/1.1|Host: shop",
                "GET //evil.example/unicorns HTTP/1.1|Host: shop",
                "POST // HTTP/1.1|Host: shop|Content-Length: 0",
                "GET /.. HTTP/1.1|Host: shop",
                "GET /%2F HTTP/1.1|Host: shop",
                "GET /%zz HTTP/1.1|Host: shop",
                "GET /unicorns/basket/%00 HTTP/1.1|Host: shop",
                "GET /unicorns/basket/%ff HTTP/1.1|Host: shop",
                "GET /;x HTTP/1.1|Host: shop",
                "GET /un{icorns HTTP/1.1|Host: shop",
                "GET http://[::/ HTTP/1.1|Host: shop",
                "GET /unicorns HTTP/1.1",
                "GET /unicorns HTTP/1.1|Host: shop|Host: shop",
                "GET /unicorns HTTP/1.1|Host: shop:x",
                "GET /unicorns HTTP/1.7|Host: shop",
                "GET /unicorns HTTP/3.0|Host: shop",
                "GET /unicorns HTTP/x|Host: shop",
                "GET /unicorns HTTP/1.1|Host: shop|no header",
                "GET /unicorns HTTP/1.1|Host: shop|Transfer-Encoding: unknown",
                "TRACE /unicorns HTTP/1.1|Host: shop",
                "FOO /unicorns HTTP/1.1|Host: shop",
                "CONNECT shop:80 HTTP/1.1|Host: shop:80",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Content-Length: -1",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Content-Length: 2|Content-Length: 3||{}",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Content-Length: 99999999999999999999",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Content-Length: 2|Expect: fish||{}",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Content-Length: 20||{}",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Transfer-Encoding: chunked||zz|",
                "POST /user HTTP/1.1|Host: shop|Content-Type: application/json|Transfer-Encoding: gzip, chunked||0|",
                "\u0016\u0003\u0001\u0002",
            })
    void whatIsNoRequestForTheShopIsTheClientsFault(String lines) throws IOException {
        try (var socket = new Socket("127.0.0.1", shop.address().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write((lines.replace("|", "\r\n") + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            assertProblem(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static void assertProblem(String answer) {
        assertThat(answer)
                .matches("(?s)HTTP/1.1 4\\d\\d .*")
                .contains("Content-Type: application/problem+json\r\n")
                .doesNotContainIgnoringCase("tomcat");
        var body = answer.substring(answer.indexOf("\r\n\r\n"))
                .replaceFirst("(?s)^[^{]*", "")
                .replaceFirst("(?s)[^}]*$", "");
        var problem = new JsonMapper().readTree(body);
        assertThat(problem.path("status").asInt()).isEqualTo(Integer.parseInt(answer.substring(9, 12)));
        assertThat(problem.path("title").asString()).isNotBlank();
        assertThat(problem.path("detail").asString()).isNotBlank();
    }
}
