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

    /** A customer's basket; uuid is the customer's. */
    record Basket(UUID uuid, List<Unicorn> unicorns) {}

    /** One unicorn of a customer's: "unicornUuid", or the public Unishop's list "unicorns" that holds it alone. */
    record Item(UUID uuid, UUID unicornUuid, List<Chosen> unicorns) {
        UUID unicorn() {
            return unicorns == null ? unicornUuid : unicorns.get(0).uuid();
        }

        void check() {
            var fields = new Fields().present("uuid", uuid);
            if (unicorns == null) {
                fields.present("unicornUuid or unicorns", unicornUuid);
            } else if (unicornUuid != null) {
                fields.wrong("unicornUuid and unicorns are both there, give one of them");
            } else if (unicorns.size() != 1) {
                fields.wrong("unicorns holds " + unicorns.size() + " unicorns, it must hold one");
            } else {
                fields.present(
                        "unicorns[0].uuid",
                        unicorns.get(0) == null ? null : unicorns.get(0).uuid());
            }
            fields.check();
        }
    }

    record Chosen(UUID uuid) {}

    @GetMapping("/unicorns/basket/{user}")
    Basket basket(@PathVariable UUID user) {
        var unicorns = baskets.of(user);
        if (unicorns.isEmpty()) {
            checkKnown(user);
        }
        return new Basket(user, unicorns);
    }

    @PostMapping("/unicorns/basket")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void add(@RequestBody Item item) {
        item.check();
        try {
            baskets.add(item.uuid(), item.unicorn());
        } catch (DataIntegrityViolationException unknown) {
            checkKnown(item);
            throw unknown;
        }
    }

    @DeleteMapping("/unicorns/basket")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void remove(@RequestBody Item item) {
        item.check();
        if (!baskets.remove(item.uuid(), item.unicorn())) {
            checkKnown(item);
        }
    }

    private void checkKnown(Item item) {
        checkKnown(item.uuid());
        if (!catalogue.has(item.unicorn())) {
            throw Problem.of(HttpStatus.NOT_FOUND, "There is no unicorn " + item.unicorn() + ".");
        }
    }

    private void checkKnown(UUID user) {
        if (!users.has(user)) {
            throw Problem.of(HttpStatus.NOT_FOUND, "There is no customer " + user + ".");
        }
    }
}
