package unishop.user;

import java.util.Optional;
import java.util.UUID;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The customers. An e-mail address is one that {@link Email} has made. */
@Repository
public class Users {
    private final JdbcClient jdbc;

    Users(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Adds a customer, or nothing when the e-mail address is taken. The unique index decides, not a look beforehand: of
     * two who come at once with the same address one gets a refusal.
     */
    Optional<User> add(String email, String firstName, String lastName) {
        var user = new User(UUID.randomUUID(), email, firstName, lastName);
        try {
            jdbc.sql("INSERT INTO unishop.unicorn_user (uuid, email, first_name, last_name) VALUES (?, ?, ?, ?)")
                    .params(user.uuid().toString(), user.email(), user.firstName(), user.lastName())
                    .update();
        } catch (DuplicateKeyException taken) {
            return Optional.empty();
        }
        return Optional.of(user);
    }

    /** The customer with an e-mail address. */
    Optional<User> find(String email) {
        return jdbc.sql("SELECT uuid, email, first_name, last_name FROM unishop.unicorn_user WHERE email = ?")
                .param(email)
                .query(User.class)
                .optional();
    }

    /** Whether there is such a customer. */
    public boolean has(UUID user) {
        return jdbc.sql("SELECT EXISTS (SELECT * FROM unishop.unicorn_user WHERE uuid = ?)")
                .param(user.toString())
                .query(Boolean.class)
                .single();
    }
}
