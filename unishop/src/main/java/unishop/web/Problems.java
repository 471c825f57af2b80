package unishop.web;

import java.net.URI;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamConstraintsException;
import unishop.database.Outage;

/** Turns everything that goes wrong in a controller into a problem document that says what it was. */
@RestControllerAdvice
class Problems extends ResponseEntityExceptionHandler {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    @ExceptionHandler
    ResponseEntity<Object> database(DataAccessException error, WebRequest request) throws Exception {
        var outage = Outage.behind(error);
        return outage.isPresent()
                ? handleException(Problem.retryLater(outage.get().sentence()), request)
                : unexpected(error, request);
    }

    @ExceptionHandler
    ResponseEntity<Object> unexpected(Exception error, WebRequest request) throws Exception {
        // The database's own words would put what a customer typed into the log: the place in the code must do.
        var where = error instanceof DataAccessException ? withoutWords(error) : error;
        log.error("A request failed unexpectedly", where);
        return handleException(
                Problem.of(HttpStatus.INTERNAL_SERVER_ERROR, "Something went wrong in the shop. It is in the log."),
                request);
    }

    private static Exception withoutWords(Exception error) {
        var cause = NestedExceptionUtils.getMostSpecificCause(error);
        var number = cause instanceof SQLException sql ? " " + sql.getErrorCode() : "";
        var plain = new Exception(cause.getClass().getName() + number);
        plain.setStackTrace(error.getStackTrace());
        return plain;
    }

    @Override
    protected ResponseEntity<Object> handleHttpMessageNotReadable(
            HttpMessageNotReadableException error, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        if (error.getMostSpecificCause() instanceof Problem problem) {
            // From BodyLimit, in the middle of a field.
            return handleErrorResponseException(problem, problem.getHeaders(), problem.getStatusCode(), request);
        }
        var sentence =
                error.getCause() instanceof JacksonException json ? sentence(json) : "The body is missing or not JSON.";
        return handleExceptionInternal(
                error, ProblemDetail.forStatusAndDetail(status, sentence), headers, status, request);
    }

    /** Says where, not what: Jackson's own words name the shop's classes. */
    private static String sentence(JacksonException json) {
        if (json instanceof StreamConstraintsException) {
            return "The body holds a number or a key that is too long, or is nested too deeply.";
        }
        if (!json.getPath().isEmpty()) {
            return json.getPath().get(0).getPropertyName() + " has the wrong type or form.";
        }
        var what = json.getOriginalMessage().startsWith("Duplicate")
                ? "The body names a key twice"
                : "The body is not the JSON object that is asked for";
        var place = json.getLocation();
        return place == null
                ? what + "."
                : what + ": line " + place.getLineNr() + ", column " + place.getColumnNr() + ".";
    }

    /** Every problem leaves here, whatever the client accepts, and even if its header Accept cannot be read. */
    @Override
    protected ResponseEntity<Object> createResponseEntity(
            Object body, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        var complete = HttpHeaders.copyOf(headers);
        complete.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        if (body instanceof ProblemDetail problem) {
            // Spring would take the path as it is, and no URI begins with two slashes.
            var path = ((ServletWebRequest) request).getRequest().getRequestURI();
            problem.setInstance(URI.create(path.replaceFirst("^/+", "/")));
        }
        return new ResponseEntity<>(body, complete, status);
    }
}
