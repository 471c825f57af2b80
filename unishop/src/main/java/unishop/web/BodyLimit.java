package unishop.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.ContentCachingRequestWrapper;

/** Stops reading a body that no form of the shop can fill, with or without a Content-Length. */
@Component
class BodyLimit extends OncePerRequestFilter {
    private static final int BYTES = 64 * 1024;

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        chain.doFilter(new Limited(request), response);
    }

    private static final class Limited extends ContentCachingRequestWrapper {
        Limited(HttpServletRequest request) {
            super(request, BYTES);
        }

        @Override
        protected void handleContentOverflow(int limit) {
            throw Problem.of(HttpStatus.CONTENT_TOO_LARGE, "The body is larger than " + limit + " bytes.");
        }
    }
}
