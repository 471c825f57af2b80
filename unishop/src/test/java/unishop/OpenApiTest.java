package unishop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import org.yaml.snakeyaml.Yaml;

/** openapi.yaml and the controllers say the same: which calls there are, what goes in, and what comes out. */
@SuppressWarnings("unchecked")
class OpenApiTest {
    /** "GET /unicorns" to what the document says about it, and to the method that serves it. */
    private static final Map<String, Map<String, Object>> DOCUMENTED = new TreeMap<>();

    private static final Map<String, HandlerMethod> SERVED = new TreeMap<>();

    private static Map<String, Object> document;

    @BeforeAll
    static void read() throws IOException {
        document = new Yaml().load(Files.readString(Path.of("openapi.yaml")));
        at("paths")
                .forEach((path, methods) -> ((Map<String, Map<String, Object>>) methods)
                        .forEach((method, operation) -> DOCUMENTED.put(method.toUpperCase() + " " + path, operation)));
        // No database is needed to know what is served.
        var environment = new TreeMap<>(Map.of(
                "DB_HOST",
                "127.0.0.1",
                "DB_PORT",
                "1",
                "DB_AUTHORITIES",
                "none",
                "DB_USER",
                "none",
                "DB_PASSWORD",
                "none",
                "AWS_REGION",
                "us-east-1",
                "ALLOWED_ORIGIN",
                "http://site.example",
                "PORT",
                "0"));
        try (var application = Unishop.start(Settings.of(environment))) {
            application
                    .getBean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
                    .getHandlerMethods()
                    .forEach((mapping, method) -> {
                        for (var path : mapping.getPatternValues()) {
                            mapping.getMethodsCondition()
                                    .getMethods()
                                    .forEach(each -> SERVED.put(each + " " + path, method));
                        }
                    });
        }
    }

    @AfterAll
    static void forget() {
        DOCUMENTED.clear();
        SERVED.clear();
    }

    static Stream<String> calls() {
        return SERVED.keySet().stream();
    }

    @Test
    void everyCallThatIsServedIsDocumentedAndNoOther() {
        assertThat(DOCUMENTED.keySet()).isEqualTo(SERVED.keySet()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void theAnswerIsTheDocumentedOne(String call) {
        var method = SERVED.get(call);
        var status = AnnotatedElementUtils.findMergedAnnotation(method.getMethod(), ResponseStatus.class);
        var responses = (Map<String, Object>) DOCUMENTED.get(call).get("responses");
        var good =
                responses.keySet().stream().filter(each -> each.startsWith("2")).toList();
        assertThat(good)
                .containsExactly(
                        status == null ? "200" : String.valueOf(status.value().value()));
        var answer = resolved(responses.get(good.get(0)));
        if (method.getReturnType().getParameterType() == void.class) {
            assertThat(answer).doesNotContainKey("content");
        } else {
            assertThat(documented(schema(answer)))
                    .isEqualTo(served(method.getReturnType().getGenericParameterType()));
            assertEverythingIsRequired(schema(answer));
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    void whatIsSentIsTheDocumentedOne(String call) {
        var parameters = Arrays.asList(SERVED.get(call).getMethodParameters());
        var bodies = parameters.stream()
                .filter(each -> each.hasParameterAnnotation(RequestBody.class))
                .toList();
        var body = DOCUMENTED.get(call).get("requestBody");
        assertThat(body == null).as("no body").isEqualTo(bodies.isEmpty());
        if (body != null) {
            assertThat(documented(schema(resolved(body))))
                    .isEqualTo(served(bodies.get(0).getGenericParameterType()));
        }
        var inPath = parameters.stream()
                .filter(each -> each.hasParameterAnnotation(PathVariable.class))
                .collect(Collectors.toMap(each -> name(each), each -> served(each.getGenericParameterType())));
        var given = (List<Map<String, Object>>) DOCUMENTED.get(call).getOrDefault("parameters", List.of());
        assertThat(given.stream()
                        .collect(Collectors.toMap(each -> each.get("name"), each -> documented(each.get("schema")))))
                .isEqualTo(inPath);
    }

    @ParameterizedTest
    @MethodSource("calls")
    void everyErrorIsAProblemDocument(String call) {
        ((Map<String, Object>) DOCUMENTED.get(call).get("responses")).forEach((status, response) -> {
            if (!status.startsWith("2")) {
                assertThat((Map<String, Object>) resolved(response).get("content"))
                        .as(status)
                        .containsOnlyKeys("application/problem+json");
                assertThat(documented(schema(resolved(response))))
                        .isEqualTo(Map.of(
                                "title", "string", "status", "integer", "detail", "string", "instance", "string"));
            }
        });
    }

    private static String name(MethodParameter parameter) {
        return parameter.getParameter().getName();
    }

    /** A type of the shop's in the words of this test: a record by its parts, all else by its name in JSON Schema. */
    private static Object served(Type type) {
        if (type instanceof ParameterizedType list) {
            return List.of(served(list.getActualTypeArguments()[0]));
        }
        var known = Map.of(
                UUID.class, "uuid", String.class, "string", boolean.class, "boolean", BigDecimal.class, "number");
        if (known.containsKey(type)) {
            return known.get(type);
        }
        var parts = new LinkedHashMap<String, Object>();
        for (var part : ((Class<?>) type).getRecordComponents()) {
            parts.put(part.getName(), served(part.getGenericType()));
        }
        return parts;
    }

    /** A schema in the same words. Of alternatives each part counts that is not null in one of them. */
    private static Object documented(Object reference) {
        var schema = resolved(reference);
        if (schema.containsKey("oneOf")) {
            var parts = new LinkedHashMap<String, Object>();
            ((List<Object>) schema.get("oneOf"))
                    .forEach(each -> ((Map<String, Object>) documented(each)).forEach((name, part) -> {
                        if (!part.equals("null") || !parts.containsKey(name)) {
                            parts.put(name, part);
                        }
                    }));
            return parts;
        }
        var types = schema.get("type") instanceof List<?> several
                ? new ArrayList<Object>(several)
                : new ArrayList<>(List.of(schema.get("type")));
        if (types.size() > 1) {
            types.remove("null");
        }
        return switch ((String) types.get(0)) {
            case "array" -> List.of(documented(schema.get("items")));
            case "object" -> {
                var parts = new LinkedHashMap<String, Object>();
                ((Map<String, Object>) schema.get("properties"))
                        .forEach((name, part) -> parts.put(name, documented(part)));
                yield parts;
            }
            case "string" -> "uuid".equals(schema.get("format")) ? "uuid" : "string";
            default -> types.get(0);
        };
    }

    private static void assertEverythingIsRequired(Object reference) {
        var schema = resolved(reference);
        if (schema.containsKey("items")) {
            assertEverythingIsRequired(schema.get("items"));
        } else if (schema.containsKey("properties")) {
            var properties = (Map<String, Object>) schema.get("properties");
            assertThat((List<String>) schema.get("required")).containsExactlyElementsOf(properties.keySet());
            properties.values().forEach(OpenApiTest::assertEverythingIsRequired);
        }
    }

    /** The schema of a body, of which there is one. */
    private static Object schema(Map<String, Object> body) {
        var content = (Map<String, Map<String, Object>>) body.get("content");
        assertThat(content).hasSize(1);
        return content.values().iterator().next().get("schema");
    }

    private static Map<String, Object> resolved(Object reference) {
        var map = (Map<String, Object>) reference;
        return map.get("$ref") instanceof String place
                ? resolved(at(place.substring("#/".length()).split("/")))
                : map;
    }

    private static Map<String, Object> at(String... place) {
        var here = document;
        for (var step : place) {
            here = (Map<String, Object>) here.get(step);
        }
        return here;
    }
}
