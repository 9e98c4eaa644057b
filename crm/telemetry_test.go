package crm_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// sdk notes what is measured, and collects when it is told to.
type sdk struct {
	metricnoop.MeterProvider
	mu       sync.Mutex
	seen     []string
	callback metric.Callback
}

func (s *sdk) note(name string, set metric.MeasurementOption) {
	s.mu.Lock()
	defer s.mu.Unlock()
	words := []string{name}
	if set != nil {
		attributes := metric.NewAddConfig([]metric.AddOption{set}).Attributes()
		for _, kv := range attributes.ToSlice() {
			words = append(words, kv.Value.String())
		}
	}
	s.seen = append(s.seen, strings.Join(words, " "))
}

func (s *sdk) saw(t *testing.T, words ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range words {
		if !slices.ContainsFunc(s.seen, func(line string) bool { return strings.HasPrefix(line, w) }) {
			slices.Sort(s.seen)
			t.Errorf("nothing measured of %q among %q", w, slices.Compact(s.seen))
		}
	}
}

type sdkMeter struct {
	metricnoop.Meter
	of *sdk
}

type sdkHistogram struct {
	metricnoop.Float64Histogram
	of   *sdk
	name string
}

type sdkCounter struct {
	metricnoop.Int64Counter
	of   *sdk
	name string
}

type sdkObserver struct {
	metricnoop.Observer
	of *sdk
}

func (s *sdk) Meter(string, ...metric.MeterOption) metric.Meter { return sdkMeter{of: s} }

func (m sdkMeter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return sdkHistogram{of: m.of, name: name}, nil
}

func (m sdkMeter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return sdkCounter{of: m.of, name: name}, nil
}

func (m sdkMeter) RegisterCallback(f metric.Callback, _ ...metric.Observable) (metric.Registration, error) {
	m.of.callback = f
	return metricnoop.Registration{}, nil
}

func (h sdkHistogram) Record(_ context.Context, _ float64, o ...metric.RecordOption) {
	h.of.note(h.name, o[0].(metric.MeasurementOption))
}

func (c sdkCounter) Add(_ context.Context, _ int64, o ...metric.AddOption) {
	c.of.note(c.name, o[0].(metric.MeasurementOption))
}

func (o sdkObserver) ObserveFloat64(_ metric.Float64Observable, _ float64, set ...metric.ObserveOption) {
	if len(set) == 0 {
		o.of.note("a lag", nil)
		return
	}
	o.of.note("a lag of", set[0].(metric.MeasurementOption))
}

// TestTelemetry: the host's SDK sees requests, statements, rows and lags, on the replica too.
func TestTelemetry(t *testing.T) {
	t.Parallel()
	s := &sdk{}
	cfg := config(t, pgtest.Open(t))
	cfg.Meter, cfg.ReadDB = s, pgtest.Open(t) // the database is a replica that is never behind
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	c, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	db := pgtest.Open(t)
	eventually(t, "the first sync is over", func() bool {
		return one(t, db, "SELECT count(*)::text FROM crm_sync_feeds WHERE feed = 'facts' AND caught_up_at IS NOT NULL") == "1"
	})
	for path, h := range map[string]http.Handler{"/crm/audience": c.Admin(), "/go/unknown1": c.Public()} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	if err := s.callback(t.Context(), sdkObserver{of: s}); err != nil {
		t.Errorf("collect: %v", err)
	}
	stop()
	if err := errors.Join(<-ended, c.Close()); err != nil {
		t.Error(err)
	}
	s.saw(t, "http.server.request.duration GET 200 /crm/audience", "http.server.request.duration GET 404 /go/{code}", "coursecrm.redirects unknown",
		"coursecrm.db.duration primary Projection.Apply", "coursecrm.db.duration replica Segments.Ask", "coursecrm.sync.rows learners live",
		"a lag of orders", "a lag")
}

// TestBadReplica: what can be told without asking is told at start.
func TestBadReplica(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Open(t))
	cfg.ReadDB, cfg.ReadDBLag = sql.OpenDB(foreign{}), -time.Second
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := crm.New(cfg); err == nil || !strings.Contains(err.Error(), "ReadDBLag") {
		t.Errorf("a negative lag: %v", err)
	}
	cfg.ReadDBLag = 0
	if _, err := crm.New(cfg); err == nil || !strings.Contains(err.Error(), "crm.Config.ReadDB") {
		t.Errorf("another driver: %v", err)
	}
}

// foreign is a driver that is not pgx's.
type foreign struct{}

func (foreign) Connect(context.Context) (driver.Conn, error) { return nil, errors.New("no") }
func (foreign) Driver() driver.Driver                        { return foreign{} }
func (foreign) Open(string) (driver.Conn, error)             { return nil, errors.New("no") }
