package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// Lags tells how far behind the background work is. The functions are called when the host's SDK
// collects, every half minute or so; each process gives the same answers.
type Lags struct {
	// Sync gives for each feed how long ago it was last read to its end without an error.
	Sync func(ctx context.Context) (map[string]time.Duration, error)
	// Queue gives how many pieces of work wait in the queue and for how long the first has.
	Queue func(ctx context.Context) (waiting int, first time.Duration, err error)
}

// Watch has the lags asked for. The registration ends it.
func (t *Telemetry) Watch(l Lags) (metric.Registration, error) {
	age, err := t.meter.Float64ObservableGauge("coursecrm.sync.lag", metric.WithUnit("s"),
		metric.WithDescription("Time since a feed of the host was last read without an error."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	waiting, err := t.meter.Int64ObservableGauge("coursecrm.queue.waiting", metric.WithUnit("{chunk}"),
		metric.WithDescription("Chunks of campaigns that wait in the queue."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	first, err := t.meter.Float64ObservableGauge("coursecrm.queue.lag", metric.WithUnit("s"),
		metric.WithDescription("Time that the first chunk in the queue has waited."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	return t.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ages, syncErr := l.Sync(ctx)
		for feed, d := range ages {
			o.ObserveFloat64(age, d.Seconds(), t.options.one("feed", feed))
		}
		n, d, queueErr := l.Queue(ctx)
		if queueErr == nil {
			o.ObserveInt64(waiting, int64(n))
			o.ObserveFloat64(first, d.Seconds())
		}
		return errors.Join(syncErr, queueErr)
	}, age, waiting, first)
}
