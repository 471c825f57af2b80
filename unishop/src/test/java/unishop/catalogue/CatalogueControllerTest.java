package unishop.catalogue;

import static org.mockito.BDDMockito.given;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.annotation.Import;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.MediaType;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;
import unishop.web.Slice;

@WebMvcTest(CatalogueController.class)
@Import(Slice.class)
class CatalogueControllerTest {
    @Autowired
    private MockMvc shop;

    @MockitoBean
    private Catalogue catalogue;

    @Test
    void aUnicornIsShownWithItsPriceToTheCent() throws Exception {
        var uuid = UUID.randomUUID();
        given(catalogue.all())
                .willReturn(List.of(new Unicorn(uuid, "Aurora", "Shines.", new BigDecimal("1250.50"), "aurora.svg")));
        shop.perform(get("/unicorns"))
                .andExpect(status().isOk())
                .andExpect(content().json("""
                        [{"uuid": "%s", "name": "Aurora", "description": "Shines.", "price": 1250.50, "image": "aurora.svg"}]""".formatted(uuid)));
    }

    @Test
    void whileItsTableIsMissingTheCatalogueIsToBeAskedForAgain() throws Exception {
        var missing = new SQLException("Table 'unishop.unicorns' doesn't exist", "42S02", 1146);
        given(catalogue.all()).willThrow(new BadSqlGrammarException("query", "SELECT", missing));
        shop.perform(get("/unicorns"))
                .andExpect(status().isServiceUnavailable())
                .andExpect(header().string("Retry-After", "2"))
                .andExpect(jsonPath("detail").value("The shop's tables are not there yet."));
    }

    @Test
    void aMistakeOfTheShopsShowsTheCustomerNothingAboutIt() throws Exception {
        given(catalogue.all()).willThrow(new DataIntegrityViolationException("Duplicate entry 'ada@example.com'"));
        shop.perform(get("/unicorns"))
                .andExpect(status().isInternalServerError())
                .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON))
                .andExpect(jsonPath("detail").value("Something went wrong in the shop. It is in the log."));
    }
}
