package unishop.basket;

import java.util.List;
import java.util.UUID;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import unishop.catalogue.Catalogue;
import unishop.catalogue.Unicorn;
import unishop.user.Users;
import unishop.web.Fields;
import unishop.web.Problem;

/** Who is known is asked only when a basket gives no answer: the usual call is a single statement. */
@RestController
class BasketController {
    private final Baskets baskets;
    private final Users users;
    private final Catalogue catalogue;

    BasketController(Baskets baskets, Users users, Catalogue catalogue) {
        this.baskets = baskets;
        this.users = users;
        this.catalogue = catalogue;
    }

    /** A unicorn in a basket; uuid is the user's. */
    record Item(UUID uuid, UUID unicornUuid) {
        void check() {
            new Fields().present("uuid", uuid).present("unicornUuid", unicornUuid).check();
        }
    }

    @GetMapping("/unicorns/basket/{user}")
    List<Unicorn> basket(@PathVariable UUID user) {
        var unicorns = baskets.of(user);
        if (unicorns.isEmpty()) {
            checkKnown(user);
        }
        return unicorns;
    }

    @PostMapping("/unicorns/basket")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void add(@RequestBody Item item) {
        item.check();
        try {
            baskets.add(item.uuid(), item.unicornUuid());
        } catch (DataIntegrityViolationException unknown) {
            checkKnown(item);
            throw unknown;
        }
    }

    @DeleteMapping("/unicorns/basket")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void remove(@RequestBody Item item) {
        item.check();
        if (!baskets.remove(item.uuid(), item.unicornUuid())) {
            checkKnown(item);
        }
    }

    private void checkKnown(Item item) {
        checkKnown(item.uuid());
        if (!catalogue.has(item.unicornUuid())) {
            throw Problem.of(HttpStatus.NOT_FOUND, "There is no unicorn " + item.unicornUuid() + ".");
        }
    }

    private void checkKnown(UUID user) {
        if (!users.has(user)) {
            throw Problem.of(HttpStatus.NOT_FOUND, "There is no customer " + user + ".");
        }
    }
}
