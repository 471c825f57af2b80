package unishop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

/**
 * Schemathesis makes up requests from openapi.yaml, right and wrong ones, and compares the answers with it: no 5xx, and
 * every error a problem document. https://schemathesis.readthedocs.io/en/stable/reference/checks/
 */
@ExtendWith(OutputCaptureExtension.class)
class FuzzTest {
    private static final Path TOOL =
            Path.of("../.cache/fuzz-venv/bin/schemathesis").toAbsolutePath().normalize();
    private static final String SETUP = "schemathesis is not there: python3 -m venv .cache/fuzz-venv && "
            + ".cache/fuzz-venv/bin/pip install -r test/requirements-fuzz.txt";
    private static final String CHECKS =
            "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
                    + "response_schema_conformance,unsupported_method,allow_header_conformance";
    private static final Pattern FIGURES = Pattern.compile("(\\d+) generated, (\\d+) passed");

    /** What the shop must have answered in the end, or the requests were not good ones. */
    private static final List<String> GOOD = List.of(
            "GET /unicorns 200",
            "GET /unicorns/basket/{user} 200",
            "POST /unicorns/basket 204",
            "DELETE /unicorns/basket 204",
            "POST /user 201",
            "POST /user/login 200",
            "GET /health/ping 200",
            "GET /health/ishealthy 200",
            "GET /health/dbping 200");

    @Test
    void everyAnswerIsOneOfTheInterface(CapturedOutput log, @TempDir Path work) throws Exception {
        if (!Files.exists(TOOL)) {
            missing();
        }
        try (var database = MariaDb.start();
                var shop = Shop.start(database).awaitHealthy()) {
            var start = log.getOut().length();
            fuzz(work, shop, document(), CHECKS + ",negative_data_rejection");
            var customer = shop.signUp("known@example.com").json().path("uuid").asString();
            fuzz(work, shop, knowing(document(), customer, "known@example.com", shop.unicorn(0)), CHECKS);
            var answers = answers(log.getOut().substring(start), customer);
            assertThat(answers).containsAll(GOOD).noneMatch(answer -> answer.matches(".* 5\\d\\d"));
        }
        assertThat(log.getOut()).doesNotContain("stack_trace");
    }

    private static Map<String, Object> document() throws IOException {
        return new Yaml().load(Files.readString(Path.of("openapi.yaml")));
    }

    /** The document with one customer and one unicorn for all, because no made-up one exists: narrower than the shop is. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> knowing(
            Map<String, Object> document, String customer, String email, String unicorn) {
        BiConsumer<String, String> only = (place, value) -> {
            Object here = document;
            for (var step : place.split(" ")) {
                here = here instanceof List<?> list
                        ? list.get(Integer.parseInt(step))
                        : ((Map<String, Object>) here).get(step);
            }
            ((Map<String, Object>) here).put("enum", List.of(value));
        };
        only.accept("paths /unicorns/basket/{user} get parameters 0 schema", customer);
        only.accept("components schemas OneItem properties uuid", customer);
        only.accept("components schemas ListedItem properties uuid", customer);
        only.accept("components schemas OneItem properties unicornUuid", unicorn);
        only.accept("components schemas Chosen properties uuid", unicorn);
        ((Map<String, Map<String, Map<String, Object>>>) (Map<?, ?>) document)
                .get("components")
                .get("schemas")
                .put(
                        "Login",
                        Map.of(
                                "type",
                                "object",
                                "required",
                                List.of("email"),
                                "properties",
                                Map.of("email", Map.of("enum", List.of(email)))));
        return document;
    }

    /** The seed makes the requests the same each time, the seconds limit how many of them there are. */
    private static void fuzz(Path work, Shop shop, Map<String, Object> document, String checks)
            throws IOException, InterruptedException {
        var file = Files.writeString(work.resolve("openapi.json"), new JsonMapper().writeValueAsString(document));
        var command = List.of(
                TOOL.toString(),
                "run",
                file.toString(),
                "--url",
                shop.address().toString(),
                "--max-time",
                "20",
                "--seed",
                "1",
                "--checks",
                checks,
                "--no-color");
        var output = work.resolve("output");
        var fuzzer = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(fuzzer.waitFor(120, TimeUnit.SECONDS))
                    .as("ends by itself")
                    .isTrue();
        } finally {
            fuzzer.destroyForcibly();
        }
        var said = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(fuzzer.exitValue()).as(said).isZero();
        var figures = FIGURES.matcher(said);
        assertThat(figures.find()).as(said).isTrue();
        assertThat(figures.group(2)).as("passed").isEqualTo(figures.group(1));
        System.out.println("schemathesis: " + figures.group());
    }

    /** Every call and its status in the access log, once. */
    private static Set<String> answers(String log, String customer) {
        var answers = new TreeSet<String>();
        log.lines()
                .filter(line -> line.contains("\"message\":\"access\""))
                .map(new JsonMapper()::readTree)
                .forEach(line -> answers.add(line.at("/http/request/method").asString() + " "
                        + line.at("/url/path").asString().replace(customer, "{user}") + " "
                        + line.at("/http/response/status_code").asInt()));
        return answers;
    }

    /** A check that no one runs is no check: in CI it fails. */
    private static void missing() {
        if (System.getenv("CI") != null) {
            fail(SETUP);
        }
        abort(SETUP);
    }
}
