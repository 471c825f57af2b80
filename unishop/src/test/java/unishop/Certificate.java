package unishop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.UUID;

/**
 * A certificate for the test's servers, by their address and signed by itself: its authority too. Without it, MariaDB makes an
 * RSA key at every start: four seconds.
 */
record Certificate(Path certificate, Path key) {

    static Certificate in(Path directory) {
        try {
            return make(directory);
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static Certificate make(Path directory) throws IOException, GeneralSecurityException, InterruptedException {
        var file = directory.resolve("keys.p12");
        var password = UUID.randomUUID().toString();
        var keytool = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=database",
                "-ext",
                "san=ip:127.0.0.1",
                "-alias",
                "server",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass:env",
                "KEYS_PASSWORD");
        keytool.environment().put("KEYS_PASSWORD", password);
        var log = directory.resolve("keytool.log");
        if (keytool.redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start()
                        .waitFor()
                != 0) {
            throw new IllegalStateException("keytool failed: " + Files.readString(log));
        }
        var keys = KeyStore.getInstance(file.toFile(), password.toCharArray());
        return new Certificate(
                pem(
                        directory.resolve("server.crt"),
                        "CERTIFICATE",
                        keys.getCertificate("server").getEncoded()),
                pem(
                        directory.resolve("server.key"),
                        "PRIVATE KEY",
                        keys.getKey("server", password.toCharArray()).getEncoded()));
    }

    private static Path pem(Path file, String what, byte[] content) throws IOException {
        var lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(content);
        return Files.writeString(file, "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(what, lines));
    }
}
