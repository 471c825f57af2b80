package unishop.user;

import java.util.UUID;

/** A customer. The e-mail address is unique, whatever its upper and lower case. */
public record User(UUID uuid, String email, String firstName, String lastName) {}
