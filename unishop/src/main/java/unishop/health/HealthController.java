package unishop.health;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import unishop.Settings;
import unishop.catalogue.Catalogue;
import unishop.database.Database;

/** What user data, alarms and the drill ask. A database that does not answer gives the same 503 as everywhere. */
@RestController
class HealthController {
    private final Database database;
    private final Catalogue catalogue;
    private final String region;

    HealthController(Database database, Catalogue catalogue, Settings settings) {
        this.database = database;
        this.catalogue = catalogue;
        this.region = settings.region();
    }

    record Alive(boolean alive) {}

    record Health(boolean healthy, String database, String region) {}

    record Writer(boolean writer, String region) {}

    @GetMapping("/health/ping")
    Alive ping() {
        return new Alive(true);
    }

    /** Healthy is a shop that has a catalogue to show; whether its database can be written is RegionRole's affair. */
    @GetMapping("/health/ishealthy")
    Health health() {
        var writable = database.writable();
        catalogue.all();
        return new Health(true, writable ? "writable" : "read-only", region);
    }

    @GetMapping("/health/dbping")
    Writer writer() {
        return new Writer(database.writable(), region);
    }
}
