package unishop.user;

import java.util.Objects;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import unishop.web.Fields;
import unishop.web.Problem;

@RestController
class UserController {
    /** The longest address that can be written to: https://www.rfc-editor.org/errata/eid1690 */
    private static final int EMAIL = 254;

    private static final int NAME = 100;

    private final Users users;

    UserController(Users users) {
        this.users = users;
    }

    /** A name may be empty or missing: the public Unishop's page sends none for a field that was emptied. */
    record SignUp(String email, String firstName, String lastName) {
        SignUp {
            email = Email.normal(email);
            firstName = Objects.requireNonNullElse(firstName, "");
            lastName = Objects.requireNonNullElse(lastName, "");
        }
    }

    record Login(String email) {
        Login {
            email = Email.normal(email);
        }
    }

    @PostMapping("/user")
    @ResponseStatus(HttpStatus.CREATED)
    User signUp(@RequestBody SignUp form) {
        new Fields()
                .email("email", form.email(), EMAIL)
                .line("firstName", form.firstName(), NAME)
                .line("lastName", form.lastName(), NAME)
                .check();
        return users.add(form.email(), form.firstName(), form.lastName())
                .orElseThrow(
                        () -> Problem.of(HttpStatus.CONFLICT, "There is a customer with this e-mail address already."));
    }

    @PostMapping("/user/login")
    User logIn(@RequestBody Login form) {
        new Fields().email("email", form.email(), EMAIL).check();
        return users.find(form.email())
                .orElseThrow(
                        () -> Problem.of(HttpStatus.BAD_REQUEST, "There is no customer with this e-mail address."));
    }
}
