package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// What the product is held to against the best that was written by hand.
const (
	worstRatio  = 2.0
	medianRatio = 1.2
)

// benchSegment measures questions about people.
func benchSegment(ctx context.Context, b *bench) error {
	c, done, err := b.newSchool(ctx, "school")
	if err != nil {
		return err
	}
	defer done()
	if err := c.interests(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := c.flatten(ctx); err != nil {
		return err
	}
	b.fact("… making the documents", time.Since(began).Seconds(), "s")
	service, err := c.service()
	if err != nil {
		return err
	}
	if err := b.questions(ctx, c, service); err != nil {
		return err
	}
	return b.eight(ctx, c, service)
}

// service asks this school, which stands still at its moment.
func (c *school) service() (*segment.Service, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	return segment.NewService(&storage.Segments{DB: c.db}, segment.DefaultCatalog(), segment.Site{Location: loc, Currency: "CNY"},
		func() time.Time { return c.now }), nil
}

// questions asks everything on all three sides, holds them to one answer, and compares the times.
func (b *bench) questions(ctx context.Context, c *school, service *segment.Service) error {
	all, err := questions(c.now)
	if err != nil {
		return err
	}
	sides := []side{c.byProduct(service),
		c.byStatements("by hand", func(q question) statements { return q.hand }),
		c.byStatements("documents", func(q question) statements { return q.flat })}
	var ratios, flat []float64
	var ours []time.Duration
	for _, q := range all {
		if err := agree(ctx, q, sides); err != nil {
			return err
		}
		took, err := interleave(ctx, q, sides)
		if err != nil {
			return err
		}
		mine, best, documents := median(took[0]), median(took[1]), median(took[2])
		b.atMost(q.name, mine*1000, best*1000, "ms", worstRatio)
		ratios, flat = append(ratios, mine/best), append(flat, documents/mine)
		ours = append(ours, took[0][:minRounds]...) // as many of each
	}
	b.atMost(fmt.Sprintf("median of %d rules", len(ratios)), middle(ratios), 1, "×", medianRatio)
	b.fact("count + first page, p95", quantile(ours, 0.95)*1000, "ms")
	b.fact("documents ÷ ours, median", middle(flat), "×")
	b.fact("documents ÷ ours, least", slices.Min(flat), "×")
	b.fact("documents ÷ ours, most", slices.Max(flat), "×")
	return nil
}

// middle is the median of numbers.
func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v)%2 == 0 {
		return (v[len(v)/2-1] + v[len(v)/2]) / 2
	}
	return v[len(v)/2]
}
