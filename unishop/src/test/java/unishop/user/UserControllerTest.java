package unishop.user;

import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.then;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.ResultActions;
import unishop.web.Slice;

@WebMvcTest(UserController.class)
@Import(Slice.class)
class UserControllerTest {
    private static final String ADA = """
            {"email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"}""";

    @Autowired
    private MockMvc shop;

    @MockitoBean
    private Users users;

    @Test
    void whoSignsUpIsAnsweredWithAUuid() throws Exception {
        var ada = new User(UUID.randomUUID(), "ada@example.com", "Ada", "Lovelace");
        given(users.add("ada@example.com", "Ada", "Lovelace")).willReturn(Optional.of(ada));
        send("/user", ADA)
                .andExpect(status().isCreated())
                .andExpect(jsonPath("uuid").value(ada.uuid().toString()));
    }

    @Test
    void anEmailIsLowerCasedByTheRulesOfAsciiBeforeItIsChecked() throws Exception {
        send("/user/login", """
                {"email": "ADA\u0130\u212A@EXAMPLE.COM"}""").andExpect(status().isBadRequest());
        then(users).should().find("ada\u0130\u212A@example.com");
    }

    @Test
    void anEmailThatIsTakenIsAConflict() throws Exception {
        given(users.add("ada@example.com", "Ada", "Lovelace")).willReturn(Optional.empty());
        send("/user", ADA)
                .andExpect(status().isConflict())
                .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON));
    }

    @Test
    void everyMistakeOfAFormIsReportedAtOnce() throws Exception {
        send("/user", """
                {"email": "ada", "firstName": "A\\n", "lastName": "%s"}""".formatted("x".repeat(101)))
                .andExpect(status().isBadRequest())
                .andExpect(
                        jsonPath("detail")
                                .value(
                                        "email is no e-mail address, which is a name, @ and a domain; "
                                                + "firstName contains a control character or half a character; lastName is longer than 100 characters."));
    }

    @Test
    void whoIsKnownLogsInByEmail() throws Exception {
        var ada = new User(UUID.randomUUID(), "ada@example.com", "Ada", "Lovelace");
        given(users.find("ada@example.com")).willReturn(Optional.of(ada));
        send("/user/login", ADA)
                .andExpect(status().isOk())
                .andExpect(jsonPath("firstName").value("Ada"));
    }

    @Test
    void whoIsUnknownIsABadRequest() throws Exception {
        given(users.find("ada@example.com")).willReturn(Optional.empty());
        send("/user/login", ADA).andExpect(status().isBadRequest());
    }

    private ResultActions send(String path, String form) throws Exception {
        return shop.perform(post(path).contentType(MediaType.APPLICATION_JSON).content(form));
    }
}
