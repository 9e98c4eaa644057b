package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/coursecrm/coursecrm/internal/telemetry"
)

func newTelemetry(t *testing.T) (*telemetry.Telemetry, *meters, *tracers) {
	t.Helper()
	m, tr := &meters{}, &tracers{}
	out, err := telemetry.New(m, tr)
	if err != nil {
		t.Fatal(err)
	}
	return out, m, tr
}

// panel is a handler as ours are: a mux under the host's own.
func panel(t *testing.T) http.Handler {
	t.Helper()
	inner := http.NewServeMux()
	inner.HandleFunc("GET /crm/people/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a page") })
	inner.HandleFunc("GET /crm/{$}", func(http.ResponseWriter, *http.Request) {})
	inner.HandleFunc("POST /crm/break", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	inner.HandleFunc("GET /go/{code}", func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"known": http.StatusFound, "over": http.StatusGone, "busy": http.StatusServiceUnavailable}[r.PathValue("code")]
		if status == 0 {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
	})
	return inner
}

func visit(h http.Handler, method, path string) {
	defer func() { _ = recover() }()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
}

// TestRequestsAreKnownByTheirPattern: never by their path, which holds ids of people and codes.
func TestRequestsAreKnownByTheirPattern(t *testing.T) {
	t.Parallel()
	tel, m, tr := newTelemetry(t)
	h := tel.Handler(panel(t))
	for _, path := range []string{"/crm/people/4711", "/crm/", "/go/known", "/go/over", "/go/busy", "/go/none", "/elsewhere"} {
		visit(h, http.MethodGet, path)
	}
	visit(h, http.MethodPost, "/crm/break")
	visit(h, "MKCALENDAR", "/crm/people/4711")
	want := []string{
		"http.server.request.duration http.request.method=GET http.response.status_code=200 http.route=/crm/",
		"http.server.request.duration http.request.method=GET http.response.status_code=200 http.route=/crm/people/{id}",
		"http.server.request.duration http.request.method=GET http.response.status_code=302 http.route=/go/{code}",
		"http.server.request.duration http.request.method=GET http.response.status_code=404 http.route=",
		"http.server.request.duration http.request.method=GET http.response.status_code=404 http.route=/go/{code}",
		"http.server.request.duration http.request.method=GET http.response.status_code=410 http.route=/go/{code}",
		"http.server.request.duration http.request.method=GET http.response.status_code=503 http.route=/go/{code}",
		"http.server.request.duration http.request.method=POST http.response.status_code=500 http.route=/crm/break",
		"http.server.request.duration http.request.method=_OTHER http.response.status_code=405 http.route=",
		"coursecrm.redirects outcome=followed", "coursecrm.redirects outcome=over",
		"coursecrm.redirects outcome=unknown", "coursecrm.redirects outcome=failed",
	}
	if got := m.names(); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("measured\n%s", strings.Join(got, "\n"))
	}
	spans := tr.names()
	for _, want := range []string{"GET /crm/people/{id} server", "GET /go/{code} server failed", "POST /crm/break server failed", "_OTHER server"} {
		if !slices.Contains(spans, want) {
			t.Errorf("no span %q among %q", want, spans)
		}
	}
	if all := strings.Join(append(spans, m.names()...), "\n"); strings.Contains(all, "4711") || strings.Contains(all, "known ") {
		t.Errorf("a path shows:\n%s", all)
	}
}

// TestControllerReachesTheServer: an export sets its own deadline for writing.
func TestControllerReachesTheServer(t *testing.T) {
	t.Parallel()
	tel, _, _ := newTelemetry(t)
	server := httptest.NewServer(tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("answered %s", answer.Status)
	}
}

// TestSpansHangTogether: a statement is a part of the request or work that asked it, and of nothing
// when a loop did.
func TestSpansHangTogether(t *testing.T) {
	t.Parallel()
	tel, m, tr := newTelemetry(t)
	_, end := tel.Statement(t.Context(), "Campaigns.Due", false)
	end(nil)
	ctx, done := tel.Work(t.Context(), "sync live")
	_, end = tel.Statement(ctx, "Projection.Apply", true)
	end(errors.New("no"))
	done(nil)
	host, hostEnd := tel.Work(t.Context(), "the host's own")
	tel.Handler(panel(t)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(host, http.MethodGet, "/crm/", nil))
	hostEnd(nil)
	want := []string{"GET /crm/ internal", "Projection.Apply client failed", "sync live internal", "the host's own internal"}
	if got := tr.names(); !slices.Equal(got, want) {
		t.Errorf("spans %q, want %q", got, want)
	}
	for _, want := range []string{"coursecrm.db.duration server=primary use_case=Campaigns.Due", "coursecrm.db.duration server=replica use_case=Projection.Apply"} {
		if !slices.Contains(m.names(), want) {
			t.Errorf("no measurement %q among %q", want, m.names())
		}
	}
}

func TestWorkIsCounted(t *testing.T) {
	t.Parallel()
	tel, m, _ := newTelemetry(t)
	tel.Rows(t.Context(), "orders", "live", 7)
	tel.Rows(t.Context(), "orders", "live", 0)
	tel.Delivered(t.Context(), "sms", "accepted", 3)
	tel.HandedOver(t.Context(), "sms", time.Second)
	want := map[string]float64{"coursecrm.sync.rows feed=orders how=live": 7, "coursecrm.deliveries channel=sms outcome=accepted": 3, "coursecrm.handover.duration channel=sms": 1}
	for name, v := range want {
		if got := m.sum(name); got != v {
			t.Errorf("%s: %v, want %v", name, got, v)
		}
	}
}

// TestLagsAreAskedFor: when the SDK collects; what cannot be told is an error and no zero.
func TestLagsAreAskedFor(t *testing.T) {
	t.Parallel()
	tel, m, _ := newTelemetry(t)
	away := errors.New("away")
	var queue error
	registration, err := tel.Watch(telemetry.Lags{
		Sync: func(context.Context) (map[string]time.Duration, error) {
			return map[string]time.Duration{"orders": 3 * time.Second}, nil
		},
		Queue: func(context.Context) (int, time.Duration, error) { return 5, 2 * time.Second, queue },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.collect(t.Context()); err != nil {
		t.Error(err)
	}
	for name, v := range map[string]float64{"coursecrm.sync.lag feed=orders": 3, "coursecrm.queue.waiting": 5, "coursecrm.queue.lag": 2} {
		if got := m.sum(name); got != v {
			t.Errorf("%s: %v, want %v", name, got, v)
		}
	}
	queue = away
	if err := m.collect(t.Context()); !errors.Is(err, away) || m.sum("coursecrm.queue.waiting") != 5 || m.sum("coursecrm.sync.lag feed=orders") != 6 {
		t.Errorf("collect: %v", err)
	}
	if err := registration.Unregister(); err != nil || m.registered() != 0 {
		t.Errorf("unregister: %v, %d left", err, m.registered())
	}
}

// TestNone: without providers there is nothing, and with one of the two the other does nothing.
func TestNone(t *testing.T) {
	t.Parallel()
	none, err := telemetry.New(nil, nil)
	if none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
	h := http.NewServeMux()
	if none.Handler(h) != http.Handler(h) {
		t.Error("requests are measured for nobody")
	}
	for _, one := range []struct {
		meters  metric.MeterProvider
		tracers trace.TracerProvider
	}{{&meters{}, nil}, {nil, &tracers{}}} {
		tel, err := telemetry.New(one.meters, one.tracers)
		if err != nil {
			t.Fatal(err)
		}
		visit(tel.Handler(panel(t)), http.MethodGet, "/crm/")
	}
	if _, err := telemetry.New(refusing{}, nil); err == nil {
		t.Error("a meter that refuses went unnoticed")
	}
}

// TestGuideListsWhatThereIs: docs/observability.md names every instrument, and none that is gone.
func TestGuideListsWhatThereIs(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	tel, m, _ := newTelemetry(t)
	if _, err := tel.Watch(telemetry.Lags{}); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z._]+)` \\|").FindAllStringSubmatch(string(guide), -1) {
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	if made := m.instruments(); !slices.Equal(made, listed) {
		t.Errorf("made %v, the guide lists %v", made, listed)
	}
}
