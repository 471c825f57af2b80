package unishop.web;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * HTTP with an upper limit for the time in which a whole request arrives: line, head and body, also a body that the shop
 * does not want. Tomcat limits each wait for the next byte only, so whoever drips holds a connection for ever:
 * https://tomcat.apache.org/tomcat-11.0-doc/config/http.html (connectionTimeout). Tomcat makes it by name.
 */
public class TimedHttp extends Http11NioProtocol {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Set<Connection> busy = ConcurrentHashMap.newKeySet();
    private ScheduledFuture<?> watch;

    @Override
    protected Processor createProcessor() {
        return new Connection();
    }

    @Override
    public void start() throws Exception {
        super.start();
        watch = getUtilityExecutor()
                .scheduleWithFixedDelay(() -> busy.forEach(Connection::look), 1, 1, TimeUnit.SECONDS);
    }

    @Override
    public void stop() throws Exception {
        watch.cancel(false);
        super.stop();
    }

    private final class Connection extends Http11Processor {
        private volatile SocketChannel channel;

        Connection() {
            super(TimedHttp.this, TimedHttp.this.getAdapter());
        }

        /** Called when there is something to read, and LONG when it ended in the middle of a head. */
        @Override
        public SocketState service(SocketWrapperBase<?> socket) throws IOException {
            channel = ((NioChannel) socket.getSocket()).getIOChannel();
            busy.add(this);
            var state = SocketState.CLOSED;
            try {
                state = super.service(socket);
                return state;
            } finally {
                if (state != SocketState.LONG) {
                    busy.remove(this);
                }
            }
        }

        /**
         * Ends what comes in from a client that takes too long; to Tomcat that is a client that has closed its half, so an
         * answer can still be written. A request has a start from its first byte on.
         */
        private void look() {
            var start = getRequest().getStartTimeNanos();
            if (!channel.isOpen()) {
                busy.remove(this);
            } else if (start >= 0 && System.nanoTime() - start > LIMIT.toNanos()) {
                try {
                    channel.shutdownInput();
                } catch (IOException closed) {
                    busy.remove(this);
                }
            }
        }
    }
}
