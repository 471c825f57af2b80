package unishop.user;

import java.util.UUID;

/** A customer. The e-mail address is unique, in the spelling of {@link Email}. */
public record User(UUID uuid, String email, String firstName, String lastName) {}
