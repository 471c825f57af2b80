package unishop.basket;

import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import unishop.catalogue.Unicorn;

/** Which customer has which unicorn in the basket. Each change is one statement: done, or not done. */
@Repository
class Baskets {
    private final JdbcClient jdbc;

    Baskets(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** What is in a customer's basket, by name. */
    List<Unicorn> of(UUID user) {
        return jdbc.sql("""
                        SELECT uuid, name, description, price, image
                        FROM unishop.unicorns_basket JOIN unishop.unicorns ON uuid = unicorn_uuid
                        WHERE user_uuid = ? ORDER BY name""").param(user.toString()).query(Unicorn.class).list();
    }

    /** Adds a unicorn; once it is there this changes nothing. Foreign keys refuse an unknown user or unicorn. */
    void add(UUID user, UUID unicorn) {
        jdbc.sql("""
                        INSERT INTO unishop.unicorns_basket (user_uuid, unicorn_uuid) VALUES (?, ?)
                        ON DUPLICATE KEY UPDATE unicorn_uuid = unicorn_uuid""").params(user.toString(), unicorn.toString()).update();
    }

    /** Removes a unicorn, and says whether it was there. */
    boolean remove(UUID user, UUID unicorn) {
        return jdbc.sql("DELETE FROM unishop.unicorns_basket WHERE user_uuid = ? AND unicorn_uuid = ?")
                        .params(user.toString(), unicorn.toString())
                        .update()
                > 0;
    }
}
