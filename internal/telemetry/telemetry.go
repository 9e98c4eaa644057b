// Package telemetry speaks of the CRM's work in the words of OpenTelemetry: how long requests,
// statements and hand-overs take, what became of messages and visits, and how far behind the sync and
// the queue are. It knows the API only; what becomes of the figures is the host's SDK's business.
//
// No attribute names a person: addresses of pages come as patterns (/admin/crm/people/{id}), codes of
// short links, contacts and ids of learners or staff do not come at all.
package telemetry

import (
	"fmt"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Scope is the name under which an SDK finds what comes from here.
const Scope = "github.com/coursecrm/coursecrm"

// Telemetry holds the instruments. It is safe for concurrent use; nil does nothing.
type Telemetry struct {
	tracer trace.Tracer
	meter  metric.Meter

	requests   metric.Float64Histogram
	redirects  metric.Int64Counter
	statements metric.Float64Histogram
	rows       metric.Int64Counter
	deliveries metric.Int64Counter
	handovers  metric.Float64Histogram

	options options
}

// New makes the instruments. A provider that is nil is none; of two that are nil comes a nil
// *Telemetry, which costs nothing.
//
// Errors: the meter does not want an instrument.
func New(meters metric.MeterProvider, tracers trace.TracerProvider) (*Telemetry, error) {
	if meters == nil && tracers == nil {
		return nil, nil
	}
	if meters == nil {
		meters = metricnoop.NewMeterProvider()
	}
	if tracers == nil {
		tracers = tracenoop.NewTracerProvider()
	}
	t := &Telemetry{tracer: tracers.Tracer(Scope), meter: meters.Meter(Scope)}
	if err := t.makeInstruments(); err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	return t, nil
}

// Boundaries in seconds of how long things take: a statement, and a page or a hand-over.
var (
	statementTimes = metric.WithExplicitBucketBoundaries(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
	requestTimes   = metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
)

func (t *Telemetry) makeInstruments() (err error) {
	m := t.meter
	if t.requests, err = m.Float64Histogram("http.server.request.duration", metric.WithUnit("s"), requestTimes,
		metric.WithDescription("Duration of requests to the CRM's pages, by the pattern of their route.")); err != nil {
		return err
	}
	if t.redirects, err = m.Int64Counter("coursecrm.redirects", metric.WithUnit("{visit}"),
		metric.WithDescription("Visits of short links, by what became of them.")); err != nil {
		return err
	}
	if t.statements, err = m.Float64Histogram("coursecrm.db.duration", metric.WithUnit("s"), statementTimes,
		metric.WithDescription("Duration of statements until the database answers, by the use case they serve.")); err != nil {
		return err
	}
	if t.rows, err = m.Int64Counter("coursecrm.sync.rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows of the host taken in, by feed and by how they came.")); err != nil {
		return err
	}
	if t.deliveries, err = m.Int64Counter("coursecrm.deliveries", metric.WithUnit("{message}"),
		metric.WithDescription("Messages handed over, by channel and by what the provider said.")); err != nil {
		return err
	}
	t.handovers, err = m.Float64Histogram("coursecrm.handover.duration", metric.WithUnit("s"), requestTimes,
		metric.WithDescription("Duration of handing a batch of messages over, by channel."))
	return err
}
