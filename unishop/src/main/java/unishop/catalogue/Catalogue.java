package unishop.catalogue;

import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import unishop.web.Problem;

/** The unicorns on offer. */
@Repository
public class Catalogue {
    private final JdbcClient jdbc;

    Catalogue(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Every unicorn, by name. A catalogue without any is one whose migration is still under way. */
    public List<Unicorn> all() {
        var unicorns = jdbc.sql("SELECT uuid, name, description, price, image FROM unishop.unicorns ORDER BY name")
                .query(Unicorn.class)
                .list();
        if (unicorns.isEmpty()) {
            throw Problem.retryLater("The catalogue is empty.");
        }
        return unicorns;
    }

    /** Whether there is such a unicorn. */
    public boolean has(UUID unicorn) {
        return jdbc.sql("SELECT EXISTS (SELECT * FROM unishop.unicorns WHERE uuid = ?)")
                .param(unicorn.toString())
                .query(Boolean.class)
                .single();
    }
}
