package unishop.web;

import java.util.Map;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import unishop.Settings;

/** What every slice needs besides its controller: the rules of the web, and settings. */
@TestConfiguration(proxyBeanMethods = false)
@Import(WebConfiguration.class)
public class Slice {
    @Bean
    Settings settings() {
        return Settings.of(Map.of(
                "DB_HOST",
                "db.example",
                "DB_AUTHORITIES",
                "none",
                "DB_SECRET_ID",
                "secret",
                "AWS_REGION",
                "us-west-1",
                "ALLOWED_ORIGIN",
                "http://site.example"));
    }
}
