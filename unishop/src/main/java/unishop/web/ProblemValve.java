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
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        try {
            response.getReporter().write(document(HttpStatus.valueOf(response.getStatus())));
            response.finishResponse();
        } catch (IOException gone) {
            // Nobody is left to tell.
        }
    }

    static String document(HttpStatus status) {
        return "{\"title\":\"%s\",\"status\":%d}".formatted(status.getReasonPhrase(), status.value());
    }
}
