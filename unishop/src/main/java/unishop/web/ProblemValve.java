package unishop.web;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;

/** A problem document for what never reaches a controller, such as a request that is no HTTP. Tomcat makes it by name. */
public class ProblemValve extends ErrorReportValve {

    @Override
    protected void report(Request request, Response response, Throwable throwable) {
        if (response.getStatus() < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        var status = blamed(HttpStatus.valueOf(response.getStatus()));
        response.setStatus(status.value());
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        try {
            response.getReporter().write(document(status, sentence(status)));
            response.finishResponse();
        } catch (IOException gone) {
            // The client has left.
        }
    }

    /**
     * A transfer coding, a method or a version that Tomcat does not know is the client's choice. HTTP leaves it to the
     * server whether it says 501 and 505 then, and here a 5xx means that the shop is not well:
     * https://www.rfc-editor.org/rfc/rfc9112#section-6.1 https://www.rfc-editor.org/rfc/rfc9110#section-2.5
     */
    private static HttpStatus blamed(HttpStatus status) {
        return status == HttpStatus.NOT_IMPLEMENTED || status == HttpStatus.HTTP_VERSION_NOT_SUPPORTED
                ? HttpStatus.BAD_REQUEST
                : status;
    }

    private static String sentence(HttpStatus status) {
        return switch (status) {
            case BAD_REQUEST -> "The request is no HTTP/1.1 that the shop understands, or its body is incomplete.";
            case NOT_FOUND -> "There is nothing at this address.";
            case METHOD_NOT_ALLOWED -> "This method is not allowed.";
            case REQUEST_TIMEOUT -> "The request did not arrive in time.";
            case EXPECTATION_FAILED -> "The only expectation that the shop meets is 100-continue.";
            case INTERNAL_SERVER_ERROR -> "Something went wrong in the shop. It is in the log.";
            default -> "The shop cannot answer this request.";
        };
    }

    static String document(HttpStatus status, String sentence) {
        return "{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}"
                .formatted(status.getReasonPhrase(), status.value(), sentence);
    }
}
