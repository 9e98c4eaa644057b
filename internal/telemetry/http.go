package telemetry

import (
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Handler measures requests. The name of each is the pattern that the innermost http.ServeMux chose;
// its path and query are not looked at, for they hold ids of people and codes.
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		kind := trace.SpanKindServer
		if trace.SpanContextFromContext(r.Context()).IsValid() {
			kind = trace.SpanKindInternal // the host's own middleware serves the request, and this is a part of it
		}
		ctx, span := t.tracer.Start(r.Context(), "HTTP "+method(r), trace.WithSpanKind(kind))
		r = r.WithContext(ctx)
		answer := &statusWriter{ResponseWriter: w}
		whole := false
		defer func() {
			status := answer.status
			switch {
			case !whole && status == 0:
				status = http.StatusInternalServerError // it panicked before it answered
			case status == 0:
				status = http.StatusOK
			}
			route := routeOf(r.Pattern)
			t.requests.Record(ctx, time.Since(began).Seconds(), t.options.request(method(r), route, status))
			if strings.HasSuffix(route, "/{code}") {
				t.redirects.Add(ctx, 1, t.options.one("outcome", visited(status)))
			}
			span.SetName(strings.TrimSpace(method(r) + " " + route))
			span.SetAttributes(attribute.String("http.request.method", method(r)), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
			if status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		}()
		next.ServeHTTP(answer, r)
		whole = true
	})
}

// visited says what became of a visit of a short link.
func visited(status int) string {
	switch status {
	case http.StatusFound:
		return "followed"
	case http.StatusNotFound:
		return "unknown"
	case http.StatusGone:
		return "over"
	}
	return "failed"
}

// routeOf makes "/admin/crm/people/{id}" of "GET /admin/crm/people/{id}".
func routeOf(pattern string) string {
	if _, path, found := strings.Cut(pattern, " "); found {
		pattern = path
	}
	return strings.TrimSuffix(pattern, "{$}")
}

// method gives a method that everybody knows; whoever asks may invent others.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "_OTHER"
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int // 0: nothing written yet
}

// WriteHeader implements http.ResponseWriter. An interim answer is not the answer.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find what the server can do.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
