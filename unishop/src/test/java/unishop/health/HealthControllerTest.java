package unishop.health;

import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;
import unishop.catalogue.Catalogue;
import unishop.catalogue.Unicorn;
import unishop.database.Database;
import unishop.web.Problem;
import unishop.web.Slice;

@WebMvcTest(HealthController.class)
@Import(Slice.class)
class HealthControllerTest {
    @Autowired
    private MockMvc shop;

    @MockitoBean
    private Database database;

    @MockitoBean
    private Catalogue catalogue;

    @Test
    void aliveDependsOnNothing() throws Exception {
        given(database.writable()).willThrow(new CannotGetJdbcConnectionException("away"));
        shop.perform(get("/health/ping")).andExpect(status().isOk());
        shop.perform(get("/health/ishealthy")).andExpect(status().isServiceUnavailable());
        shop.perform(get("/health/dbping")).andExpect(status().isServiceUnavailable());
    }

    @Test
    void aReadOnlyDatabaseIsHealthyAndNoWriter() throws Exception {
        given(catalogue.all()).willReturn(List.of(mock(Unicorn.class)));
        shop.perform(get("/health/ishealthy")).andExpect(content().json("""
                {"healthy": true, "database": "read-only", "region": "us-west-1"}"""));
        shop.perform(get("/health/dbping")).andExpect(content().string("""
                {"writer":false,"region":"us-west-1"}"""));
    }

    @Test
    void aShopWithAnEmptyCatalogueIsNotHealthy() throws Exception {
        given(database.writable()).willReturn(true);
        given(catalogue.all()).willThrow(Problem.retryLater("The catalogue is empty."));
        shop.perform(get("/health/ishealthy"))
                .andExpect(status().isServiceUnavailable())
                .andExpect(jsonPath("detail").value("The catalogue is empty."));
    }
}
