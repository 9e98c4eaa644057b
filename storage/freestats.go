package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/shortlink"
)

// LinkTotals implements shortlink.StatStore.
func (s *Links) LinkTotals(ctx context.Context, ids []shortlink.LinkID) (map[shortlink.LinkID]shortlink.Totals, error) {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	out := map[shortlink.LinkID]shortlink.Totals{}
	err := s.moment(ctx, func(tx pgx.Tx) error {
		if err := freeHits(ctx, tx, list, out); err != nil {
			return err
		}
		return freePeople(ctx, tx, list, out)
	})
	if err != nil {
		return nil, fmt.Errorf("clicks of free links: %w", err)
	}
	return out, nil
}

func freeHits(ctx context.Context, tx pgx.Tx, ids []int64, out map[shortlink.LinkID]shortlink.Totals) error {
	rows, err := tx.Query(ctx, "SELECT link_id, kind, reason, count(*), min(at), max(at) FROM crm_clicks WHERE campaign_id = 0 AND link_id = ANY ($1) GROUP BY 1, 2, 3", ids)
	if err != nil {
		return err
	}
	return readRows(rows, func(r pgx.Rows) error {
		var c hitCount
		if err := r.Scan((*int64)(&c.link), (*string)(&c.Kind), (*string)(&c.Reason), &c.hits, &c.first, &c.last); err != nil {
			return err
		}
		t := out[c.link]
		c.into(&t, true)
		out[c.link] = t
		return nil
	})
}

// freePeople counts as shortlink.Statistics does: visitors of a day, and each hit of who is not
// known at all.
func freePeople(ctx context.Context, tx pgx.Tx, ids []int64, out map[shortlink.LinkID]shortlink.Totals) error {
	rows, err := tx.Query(ctx, `
		SELECT link_id, count(*) FROM (
			SELECT DISTINCT link_id, (at AT TIME ZONE 'UTC')::date, visitor, agent, CASE WHEN visitor = 0 THEN at END, CASE WHEN visitor = 0 THEN id END
			FROM crm_clicks WHERE campaign_id = 0 AND link_id = ANY ($1) AND kind = 'human') v
		GROUP BY 1`, ids)
	if err != nil {
		return err
	}
	return readRows(rows, func(r pgx.Rows) error {
		var link shortlink.LinkID
		var people int64
		if err := r.Scan((*int64)(&link), &people); err != nil {
			return err
		}
		t := out[link]
		t.People = people
		out[link] = t
		return nil
	})
}
