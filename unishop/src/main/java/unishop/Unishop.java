package unishop;

import java.security.Security;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The shop: a catalogue of unicorns, its users and their baskets. */
@SpringBootApplication
public class Unishop {

    public static void main(String[] arguments) {
        try {
            start(Settings.of(System.getenv()));
        } catch (Settings.Wrong wrong) {
            System.err.println(wrong.getMessage());
            System.exit(1);
        }
    }

    /** Starts the shop, whatever its database does: it begins to serve when that answers. */
    static ConfigurableApplicationContext start(Settings settings) {
        // A database that moves keeps its name: forget soon where it was, and that it was nowhere.
        Security.setProperty("networkaddress.cache.ttl", "5");
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
        return new SpringApplicationBuilder(Unishop.class)
                .initializers(context -> context.getBeanFactory().registerSingleton("settings", settings))
                .run("--server.port=" + settings.port());
    }
}
