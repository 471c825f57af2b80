-- Every migration can be run again over its own half: see Schema.java.
CREATE TABLE IF NOT EXISTS unicorns (
    uuid        CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    name        VARCHAR(100)   NOT NULL,
    description VARCHAR(500)   NOT NULL,
    price       DECIMAL(10, 2) NOT NULL,
    image       VARCHAR(100)   NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- E-mail addresses are stored in lower case and compared exactly: see Users.java.
CREATE TABLE IF NOT EXISTS unicorn_user (
    uuid       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    email      VARCHAR(254) COLLATE utf8mb4_bin NOT NULL UNIQUE,
    first_name VARCHAR(100) NOT NULL,
    last_name  VARCHAR(100) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS unicorns_basket (
    user_uuid    CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    unicorn_uuid CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (user_uuid, unicorn_uuid),
    FOREIGN KEY (user_uuid) REFERENCES unicorn_user (uuid),
    FOREIGN KEY (unicorn_uuid) REFERENCES unicorns (uuid)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
