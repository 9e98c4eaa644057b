package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Events implements label.Store: from the host's rows, not from the sums that the sync keeps, so
// that each reason can be told.
func (s *Labels) Events(ctx context.Context, who segment.PersonID) ([]funnel.Event, error) {
	var out []funnel.Event
	err := s.reading(ctx, func(tx bun.Tx) error {
		if err := activityEvents(ctx, tx, who, &out); err != nil {
			return fmt.Errorf("activities: %w", err)
		}
		if err := orderEvents(ctx, tx, who, &out); err != nil {
			return fmt.Errorf("orders: %w", err)
		}
		return eventWords(ctx, tx, out)
	})
	return out, err
}

func activityEvents(ctx context.Context, tx bun.Tx, who segment.PersonID, out *[]funnel.Event) error {
	var rows []struct {
		OfferingID int64
		Type       string
		OccurredAt time.Time
	}
	err := tx.NewRaw(`SELECT f.canonical_id AS offering_id, a.type, a.occurred_at FROM crm_activities a JOIN crm_offerings f ON f.id = a.offering_id
		WHERE a.learner_id = ?`, int64(who)).Scan(ctx, &rows)
	for _, r := range rows {
		if w := funnel.Warmth(h.ActivityType(r.Type)); w > 0 {
			*out = append(*out, funnel.Event{Offering: funnel.OfferingID(r.OfferingID), Kind: funnel.Kind(r.Type), At: r.OccurredAt.UTC(), Weight: w})
		}
	}
	return err
}

// orderEvents gives what became of the orders; one with two items of an offering counts once for it.
func orderEvents(ctx context.Context, tx bun.Tx, who segment.PersonID, out *[]funnel.Event) error {
	var rows []struct {
		ID, OfferingID, PaidAmount int64
		Closed                     bool
		CreatedAt                  time.Time
		ClosedAt, PaidOn           bun.NullTime
	}
	err := tx.NewRaw(`SELECT DISTINCT o.id, f.canonical_id AS offering_id, o.paid_amount, o.status = 'closed' AS closed, o.created_at, o.closed_at, o.paid_on
		FROM crm_orders o JOIN crm_order_items i ON i.order_id = o.id JOIN crm_offerings f ON f.id = i.offering_id
		WHERE o.learner_id = ? AND o.status <> 'deleted'`, int64(who)).Scan(ctx, &rows)
	for _, r := range rows {
		add := func(kind funnel.Kind, at time.Time, weight float64) {
			*out = append(*out, funnel.Event{Offering: funnel.OfferingID(r.OfferingID), Kind: kind, At: at.UTC(), Weight: weight})
		}
		add(funnel.KindOrder, r.CreatedAt, funnel.WeightOrder)
		if r.Closed {
			at := r.CreatedAt
			if !r.ClosedAt.IsZero() {
				at = r.ClosedAt.Time
			}
			add(funnel.KindClosed, at, funnel.WeightClosed)
		}
		if r.PaidAmount > 0 && !r.PaidOn.IsZero() {
			add(funnel.KindPaid, r.PaidOn.Time, funnel.WeightPaid)
		}
	}
	return err
}

// eventWords fills in what the offerings of events are about.
func eventWords(ctx context.Context, tx bun.Tx, events []funnel.Event) error {
	places := map[int64][]int{}
	var ids []int64
	for i, e := range events {
		if places[int64(e.Offering)] == nil {
			ids = append(ids, int64(e.Offering))
		}
		places[int64(e.Offering)] = append(places[int64(e.Offering)], i)
	}
	var rows []struct {
		OfferingID, ID int64
		Title, Name    string
	}
	if err := tx.NewRaw(`SELECT f.id AS offering_id, CASE WHEN f.title = '' THEN '#' || f.host_id ELSE f.title END AS title,
			coalesce(t.id, 0) AS id, coalesce(t.name, '') AS name
		FROM crm_offerings f LEFT JOIN crm_tags t ON t.id = ANY (f.interest_ids) WHERE f.id = ANY (?)`, int64Array(ids)).Scan(ctx, &rows); err != nil {
		return err
	}
	words, titles := map[int64][]funnel.Word{}, map[int64]string{}
	for _, r := range rows {
		titles[r.OfferingID] = r.Title
		if r.ID != 0 {
			words[r.OfferingID] = append(words[r.OfferingID], funnel.Word{ID: r.ID, Name: r.Name})
		}
	}
	for id, list := range places {
		for _, i := range list {
			events[i].Words, events[i].Title = words[id], titles[id]
		}
	}
	return nil
}
