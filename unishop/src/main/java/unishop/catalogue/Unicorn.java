package unishop.catalogue;

import java.math.BigDecimal;
import java.util.UUID;

/**
 * A unicorn on offer.
 *
 * @param price in US dollars
 * @param image the name of a picture that the site holds
 */
public record Unicorn(UUID uuid, String name, String description, BigDecimal price, String image) {}
