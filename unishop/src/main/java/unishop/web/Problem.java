package unishop.web;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/** A refusal, as a problem document for the caller: https://www.rfc-editor.org/rfc/rfc9457 */
public final class Problem extends ErrorResponseException {
    /** Seconds. A promotion or a restart is over in a few of them, and a customer is waiting. */
    private static final String RETRY_AFTER = "2";

    private Problem(HttpStatus status, String sentence) {
        super(status, ProblemDetail.forStatusAndDetail(status, sentence), null);
    }

    /** A problem whose sentence can be shown to people. */
    public static Problem of(HttpStatus status, String sentence) {
        return new Problem(status, sentence);
    }

    /** A problem that passes by itself. */
    public static Problem retryLater(String sentence) {
        var problem = of(HttpStatus.SERVICE_UNAVAILABLE, sentence);
        problem.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER);
        return problem;
    }
}
