package unishop;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A real MariaDB server for the test, on a free port of the loopback. The shop's user on it is an ordinary one, as
 * on Aurora: whoever has READ ONLY ADMIN writes to a server that is read-only.
 */
final class MariaDb implements AutoCloseable {
    private static final Path DIRECTORY =
            Path.of(System.getProperty("mariadb.directory", "target/mariadb")).toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    final int port = freePort();
    final String user = "shop";
    final String password = UUID.randomUUID().toString();

    private final Path home;
    private final Path files;
    private Certificate certificate;
    private Process process;

    private MariaDb() {
        home = find("mariadbd").getParent().getParent();
        files = DIRECTORY.resolve("run-" + port);
    }

    /** Makes a server with empty tables, and starts it with further options of mariadbd. */
    static MariaDb start(String... options) {
        var server = new MariaDb();
        try {
            server.install();
            server.restart(options);
            return server;
        } catch (IOException | RuntimeException failed) {
            server.close();
            throw failed instanceof IOException io ? new UncheckedIOException(io) : (RuntimeException) failed;
        }
    }

    /** What the shop needs in its environment to use this server. */
    Map<String, String> environment() {
        return new HashMap<>(Map.of(
                "DB_HOST",
                "127.0.0.1",
                "DB_PORT",
                String.valueOf(port),
                "DB_USER",
                user,
                "DB_PASSWORD",
                password,
                "DB_AUTHORITIES",
                certificate.certificate().toString(),
                "AWS_REGION",
                "us-east-1",
                "ALLOWED_ORIGIN",
                "http://site.example",
                "PORT",
                "0"));
    }

    /** Starts the server again on the same port and files. */
    void restart(String... options) {
        var command = new ArrayList<>(List.of(
                home.resolve("bin/mariadbd").toString(),
                "--no-defaults",
                "--basedir=" + home,
                "--datadir=" + files.resolve("data"),
                "--bind-address=127.0.0.1",
                "--port=" + port,
                "--socket=" + socket(),
                "--pid-file=" + files.resolve("pid"),
                "--init-file=" + files.resolve("users.sql"),
                "--max-connections=300",
                "--ssl-cert=" + certificate.certificate(),
                "--ssl-key=" + certificate.key(),
                // On Aurora sql_mode is not strict either, unless the parameter group says so.
                "--sql-mode=NO_ENGINE_SUBSTITUTION"));
        command.addAll(List.of(options));
        process = run(command);
        await();
    }

    /** Pulls the plug. */
    void kill() {
        process.destroyForcibly();
        join();
    }

    /** Cuts the server off: connections stay open, and nothing answers any more. */
    void freeze() {
        signal("STOP");
    }

    void thaw() {
        signal("CONT");
    }

    /** Shuts down in good order. */
    void stop() {
        process.destroy();
        join();
    }

    /** Runs statements as the server's administrator. */
    void sql(String... statements) {
        try (var connection = DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/?user=root");
                var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Asks for one number as the administrator. */
    long number(String query) {
        try (var connection = DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/?user=root");
                var rows = connection.createStatement().executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
        if (Files.exists(files)) {
            new File(socket()).delete(); // a server that was killed leaves it
            try (var tree = Files.walk(files)) {
                tree.sorted(Comparator.reverseOrder())
                        .forEach(path -> path.toFile().delete());
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    private void install() throws IOException {
        Files.createDirectories(files.resolve("tmp"));
        certificate = Certificate.in(files);
        // As init-file it runs at every start, and as the administrator, also on a server that is read-only.
        Files.writeString(files.resolve("users.sql"), """
                CREATE USER IF NOT EXISTS '%1$s'@'%%' IDENTIFIED BY '%2$s';
                GRANT ALL ON unishop.* TO '%1$s'@'%%';
                """.formatted(user, password));
        process = run(List.of(
                find("mariadb-install-db").toString(),
                "--no-defaults",
                "--basedir=" + home,
                "--datadir=" + files.resolve("data"),
                "--auth-root-authentication-method=normal",
                "--skip-test-db"));
        join();
        if (process.exitValue() != 0) {
            throw new IllegalStateException("mariadb-install-db failed: " + log());
        }
    }

    private Process run(List<String> command) {
        var complete = new ArrayList<>(command);
        if (System.getProperty("user.name").equals("root")) {
            complete.add("--user=root");
        }
        try {
            var builder = new ProcessBuilder(complete)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            files.resolve("log").toFile()));
            // A server that starts removes the temporary tables of every other one that shares its folder for them:
            // https://github.com/MariaDB/server/blob/main/sql/sql_base.cc mysql_rm_tmp_tables
            builder.environment().put("TMPDIR", files.resolve("tmp").toString());
            var started = builder.start();
            // It does not outlive the tests, however they end.
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            return started;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private void await() {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline && process.isAlive()) {
            try (var probe = new Socket()) {
                probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                return;
            } catch (IOException notYet) {
                pause();
            }
        }
        throw new IllegalStateException("MariaDB does not start: " + log());
    }

    private void join() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("MariaDB does not end: " + log());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private String log() {
        try {
            return Files.readString(files.resolve("log"));
        } catch (IOException failed) {
            return failed.toString();
        }
    }

    /** A socket's path must be short, and the build directory's may be long. No test uses it. */
    private String socket() {
        return Path.of(System.getProperty("java.io.tmpdir"), "unishop-" + port + ".sock")
                .toString();
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Path find(String program) {
        try (var tree = Files.find(
                DIRECTORY.resolve("server"),
                8,
                (path, is) -> path.getFileName().toString().equals(program))) {
            var found = tree.findFirst()
                    .orElseThrow(() -> new IllegalStateException("No " + program + " below " + DIRECTORY
                            + ": `mvn -f unishop/pom.xml process-test-resources` unpacks it"));
            found.toFile().setExecutable(true);
            return found;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
