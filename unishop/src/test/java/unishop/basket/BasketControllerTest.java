package unishop.basket;

import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.then;
import static org.mockito.BDDMockito.willThrow;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.annotation.Import;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.json.JsonCompareMode;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import unishop.catalogue.Catalogue;
import unishop.user.Users;
import unishop.web.Slice;

@WebMvcTest(BasketController.class)
@Import(Slice.class)
class BasketControllerTest {
    private final UUID user = UUID.randomUUID();
    private final UUID unicorn = UUID.randomUUID();

    @Autowired
    private MockMvc shop;

    @MockitoBean
    private Baskets baskets;

    @MockitoBean
    private Users users;

    @MockitoBean
    private Catalogue catalogue;

    @Test
    void aUnicornIsAdded() throws Exception {
        shop.perform(item(post("/unicorns/basket"))).andExpect(status().isNoContent());
        then(baskets).should().add(user, unicorn);
    }

    @Test
    void aUnicornIsRemoved() throws Exception {
        given(baskets.remove(user, unicorn)).willReturn(true);
        shop.perform(item(delete("/unicorns/basket"))).andExpect(status().isNoContent());
    }

    @Test
    void aUnicornIsAddedAndRemovedByTheListOfThePublicUnishop() throws Exception {
        given(baskets.remove(user, unicorn)).willReturn(true);
        for (var request : List.of(post("/unicorns/basket"), delete("/unicorns/basket"))) {
            shop.perform(request.contentType(MediaType.APPLICATION_JSON).content("""
                    {"uuid": "%s", "unicorns": [{"uuid": "%s", "name": "Aurora"}]}""".formatted(user, unicorn)))
                    .andExpect(status().isNoContent());
        }
        then(baskets).should().add(user, unicorn);
    }

    @Test
    void theEmptyBasketOfACustomerIsAnEmptyList() throws Exception {
        given(users.has(user)).willReturn(true);
        shop.perform(get("/unicorns/basket/" + user))
                .andExpect(status().isOk())
                .andExpect(content().json("""
                {"uuid": "%s", "unicorns": []}""".formatted(user), JsonCompareMode.STRICT));
    }

    @Test
    void anUnknownCustomerHasNoBasket() throws Exception {
        shop.perform(get("/unicorns/basket/" + user))
                .andExpect(status().isNotFound())
                .andExpect(jsonPath("detail").value("There is no customer " + user + "."));
    }

    @Test
    void aUnicornThatIsUnknownIsNamed() throws Exception {
        given(users.has(user)).willReturn(true);
        willThrow(new DataIntegrityViolationException("foreign key"))
                .given(baskets)
                .add(user, unicorn);
        shop.perform(item(post("/unicorns/basket")))
                .andExpect(status().isNotFound())
                .andExpect(jsonPath("detail").value("There is no unicorn " + unicorn + "."));
    }

    private MockHttpServletRequestBuilder item(MockHttpServletRequestBuilder request) {
        return request.contentType(MediaType.APPLICATION_JSON).content("""
                {"uuid": "%s", "unicornUuid": "%s"}""".formatted(user, unicorn));
    }
}
