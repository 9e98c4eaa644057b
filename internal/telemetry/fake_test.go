package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// meters keeps every measurement in memory, summed under its name and attributes.
type meters struct {
	metricnoop.MeterProvider
	mu        sync.Mutex
	sums      map[string]float64
	callbacks map[int]metric.Callback
	made      []string
}

func (m *meters) Meter(string, ...metric.MeterOption) metric.Meter { return meter{of: m} }

func (m *meters) add(name string, set attribute.Set, v float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sums == nil {
		m.sums = map[string]float64{}
	}
	words := []string{name}
	for _, kv := range set.ToSlice() {
		words = append(words, string(kv.Key)+"="+kv.Value.String())
	}
	m.sums[strings.Join(words, " ")] += v
}

func (m *meters) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.sums))
}

// make notes that an instrument was asked for.
func (m *meters) make(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made = append(m.made, name)
}

func (m *meters) instruments() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(slices.Values(m.made))
}

func (m *meters) sum(name string) float64 { m.mu.Lock(); defer m.mu.Unlock(); return m.sums[name] }
func (m *meters) registered() int         { m.mu.Lock(); defer m.mu.Unlock(); return len(m.callbacks) }

// collect does what an SDK does every half minute.
func (m *meters) collect(ctx context.Context) error {
	m.mu.Lock()
	callbacks := slices.Collect(maps.Values(m.callbacks))
	m.mu.Unlock()
	var errs []error
	for _, f := range callbacks {
		errs = append(errs, f(ctx, observer{of: m}))
	}
	return errors.Join(errs...)
}

type meter struct {
	metricnoop.Meter
	of *meters
}

type histogram struct {
	metricnoop.Float64Histogram
	of   *meters
	name string
}

type counter struct {
	metricnoop.Int64Counter
	of   *meters
	name string
}

type gauge struct {
	metricnoop.Float64ObservableGauge
	name string
}

type wholeGauge struct {
	metricnoop.Int64ObservableGauge
	name string
}

type observer struct {
	embedded.Observer
	of *meters
}

type registration struct {
	embedded.Registration
	of *meters
	n  int
}

func (m meter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	m.of.make(name)
	return histogram{of: m.of, name: name}, nil
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	m.of.make(name)
	return counter{of: m.of, name: name}, nil
}

func (m meter) Float64ObservableGauge(name string, _ ...metric.Float64ObservableGaugeOption) (metric.Float64ObservableGauge, error) {
	m.of.make(name)
	return gauge{name: name}, nil
}

func (m meter) Int64ObservableGauge(name string, _ ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	m.of.make(name)
	return wholeGauge{name: name}, nil
}

func (m meter) RegisterCallback(f metric.Callback, _ ...metric.Observable) (metric.Registration, error) {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	if m.of.callbacks == nil {
		m.of.callbacks = map[int]metric.Callback{}
	}
	n := len(m.of.callbacks)
	m.of.callbacks[n] = f
	return registration{of: m.of, n: n}, nil
}

func (r registration) Unregister() error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	delete(r.of.callbacks, r.n)
	return nil
}

func (h histogram) Record(_ context.Context, v float64, options ...metric.RecordOption) {
	if strings.HasPrefix(h.name, "coursecrm.handover") {
		h.of.add(h.name, metric.NewRecordConfig(options).Attributes(), v)
		return
	}
	h.of.add(h.name, metric.NewRecordConfig(options).Attributes(), 1) // how long it took is not known beforehand
}

func (c counter) Add(_ context.Context, v int64, options ...metric.AddOption) {
	c.of.add(c.name, metric.NewAddConfig(options).Attributes(), float64(v))
}

func (o observer) ObserveFloat64(of metric.Float64Observable, v float64, options ...metric.ObserveOption) {
	o.of.add(of.(gauge).name, metric.NewObserveConfig(options).Attributes(), v)
}

func (o observer) ObserveInt64(of metric.Int64Observable, v int64, options ...metric.ObserveOption) {
	o.of.add(of.(wholeGauge).name, metric.NewObserveConfig(options).Attributes(), float64(v))
}

// refusing is a meter that wants no instrument.
type refusing struct{ metricnoop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ metricnoop.Meter }

func (refusingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errors.New("no")
}

// tracers keeps the spans that ended.
type tracers struct {
	tracenoop.TracerProvider
	mu    sync.Mutex
	begun byte
	ended []string
}

func (t *tracers) Tracer(string, ...trace.TracerOption) trace.Tracer { return tracer{of: t} }

func (t *tracers) names() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.ended)
	sort.Strings(out)
	return out
}

type tracer struct {
	tracenoop.Tracer
	of *tracers
}

type span struct {
	tracenoop.Span
	of     *tracers
	id     byte
	name   string
	kind   trace.SpanKind
	failed bool
}

func (t tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.of.begun++
	config := trace.NewSpanStartConfig(options...)
	s := &span{of: t.of, id: t.of.begun, name: name, kind: config.SpanKind()}
	return trace.ContextWithSpan(ctx, s), s
}

func (s *span) SpanContext() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{s.id}})
}
func (s *span) IsRecording() bool                    { return true }
func (s *span) SetName(name string)                  { s.name = name }
func (s *span) SetStatus(code codes.Code, _ string)  { s.failed = code == codes.Error }
func (s *span) SetAttributes(...attribute.KeyValue)  {}
func (s *span) TracerProvider() trace.TracerProvider { return s.of }
func (s *span) End(...trace.SpanEndOption) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	word := fmt.Sprint(s.name, " ", s.kind)
	if s.failed {
		word += " failed"
	}
	s.of.ended = append(s.of.ended, word)
}
