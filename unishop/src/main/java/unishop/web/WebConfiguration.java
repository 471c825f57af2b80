package unishop.web;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.apache.catalina.core.StandardHost;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.DefaultCorsProcessor;
import org.springframework.web.filter.CorsFilter;
import org.springframework.web.filter.UrlHandlerFilter;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.type.LogicalType;
import unishop.Settings;

/** Who may call, and what is taken for a text. */
@Configuration(proxyBeanMethods = false)
class WebConfiguration {

    /** Before the controllers, so that the page can read errors, too. */
    @Bean
    FilterRegistrationBean<CorsFilter> cors(Settings settings) {
        var rules = new CorsConfiguration();
        rules.setAllowedOrigins(List.of(settings.allowedOrigin()));
        rules.setAllowedMethods(List.of("GET", "POST", "DELETE"));
        rules.setAllowedHeaders(List.of(HttpHeaders.CONTENT_TYPE));
        rules.setExposedHeaders(List.of(HttpHeaders.RETRY_AFTER));
        rules.setMaxAge(Duration.ofHours(1));
        var filter = new CorsFilter(request -> rules);
        filter.setCorsProcessor(new Refusals());
        var registration = new FilterRegistrationBean<>(filter);
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 2);
        return registration;
    }

    private static final class Refusals extends DefaultCorsProcessor {
        @Override
        protected void rejectRequest(ServerHttpResponse response) throws IOException {
            response.setStatusCode(HttpStatus.FORBIDDEN);
            response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
            var document = ProblemValve.document(
                    HttpStatus.FORBIDDEN, "Pages of this origin may not call the shop in this way.");
            response.getBody().write(document.getBytes(StandardCharsets.UTF_8));
            response.flush();
        }
    }

    /** "/unicorns/" is what the public Unishop's page asks for. */
    @Bean
    UrlHandlerFilter slashes() {
        return UrlHandlerFilter.trailingSlashHandler("/**").wrapRequest().build();
    }

    /** A name that is 42 or true is a mistake of the caller's, not a text; and which of two equal keys is meant, no one knows. */
    @Bean
    JsonMapperBuilderCustomizer strictly() {
        return mapper -> mapper.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .withCoercionConfig(LogicalType.Textual, texts -> {
                    for (var shape :
                            List.of(CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean)) {
                        texts.setCoercion(shape, CoercionAction.Fail);
                    }
                });
    }

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> tomcat() {
        return server -> {
            server.setProtocol(TimedHttp.class.getName());
            server.addContextCustomizers(context ->
                    ((StandardHost) context.getParent()).setErrorReportValveClass(ProblemValve.class.getName()));
        };
    }
}
