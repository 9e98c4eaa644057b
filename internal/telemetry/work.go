package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Statement measures a statement of a use case; what it returns is called at the end. It becomes a
// span where it is a part of something: what polls the database every second makes no traces.
func (t *Telemetry) Statement(ctx context.Context, useCase string, replica bool) (context.Context, func(error)) {
	server := "primary"
	if replica {
		server = "replica"
	}
	began := time.Now()
	end := func(error) {}
	if trace.SpanContextFromContext(ctx).IsValid() {
		ctx, end = t.span(ctx, useCase, trace.SpanKindClient, attribute.String("db.system.name", "postgresql"), attribute.String("server", server))
	}
	return ctx, func(err error) {
		t.statements.Record(ctx, time.Since(began).Seconds(), t.options.two("use_case", useCase, "server", server))
		end(err)
	}
}

// Work makes a span of a piece of background work; what it returns is called at the end.
func (t *Telemetry) Work(ctx context.Context, name string) (context.Context, func(error)) {
	return t.span(ctx, name, trace.SpanKindInternal)
}

// span starts a span. An error marks it, without its text: that is for the log.
func (t *Telemetry) span(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Rows counts rows of a feed that were taken in; how they came is "live", "repair" or "push".
func (t *Telemetry) Rows(ctx context.Context, feed, how string, n int) {
	if n > 0 {
		t.rows.Add(ctx, int64(n), t.options.two("feed", feed, "how", how))
	}
}

// Delivered counts messages of a channel with the same outcome.
func (t *Telemetry) Delivered(ctx context.Context, channel, outcome string, n int) {
	if n > 0 {
		t.deliveries.Add(ctx, int64(n), t.options.two("channel", channel, "outcome", outcome))
	}
}

// HandedOver measures how long a provider took for a batch.
func (t *Telemetry) HandedOver(ctx context.Context, channel string, took time.Duration) {
	t.handovers.Record(ctx, took.Seconds(), t.options.one("channel", channel))
}
