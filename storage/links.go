package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Links implements shortlink.Store.
type Links struct{ *DB }

// Owner implements shortlink.Store: the link with the largest first number not above n, if its
// range reaches that far. Ranges do not overlap.
func (s *Links) Owner(ctx context.Context, n shortlink.Number) (shortlink.Link, error) {
	link, err := linkWhere(ctx, s.bun, "first <= ? ORDER BY first DESC LIMIT 1", int64(n))
	if err != nil {
		return link, fmt.Errorf("owner of a code: %w", err)
	}
	if int64(n-link.First) >= link.Count {
		return shortlink.Link{}, fmt.Errorf("owner of a code: %w", fault.ErrNotFound)
	}
	return link, nil
}

// Record implements shortlink.Store.
func (s *Links) Record(ctx context.Context, c shortlink.Click) error {
	_, err := s.bun.NewRaw(`
		INSERT INTO crm_clicks (link_id, campaign_id, ordinal, learner_id, at, kind, reason)
		SELECT k.id, k.campaign_id, d.ordinal, d.learner_id, ?,
			CASE WHEN again THEN ? ELSE ? END, CASE WHEN again THEN ? ELSE ? END
		FROM crm_links k JOIN crm_deliveries d ON d.campaign_id = k.campaign_id AND d.ordinal = ?
		CROSS JOIN LATERAL (SELECT ? = 'human' AND EXISTS (SELECT FROM crm_clicks p
			WHERE p.campaign_id = k.campaign_id AND p.ordinal = d.ordinal AND p.link_id = k.id
				AND p.kind = 'human' AND p.at > ? AND p.at <= ?) AS again) r
		WHERE k.id = ?`,
		c.At, string(shortlink.Duplicate), string(c.Kind), string(shortlink.ReasonRepeat), string(c.Reason),
		c.Ordinal, string(c.Kind), c.At.Add(-shortlink.RepeatWithin), c.At, int64(c.Link)).Exec(ctx)
	return translate(err)
}

// Loose implements shortlink.Store. Two callers at once may make two links; both lead there.
func (s *Links) Loose(ctx context.Context, target string, now time.Time) (shortlink.Number, error) {
	link, err := linkWhere(ctx, s.bun, "campaign_id = 0 AND target = ? ORDER BY id LIMIT 1", target)
	if err == nil || !errors.Is(err, fault.ErrNotFound) {
		return link.First, err
	}
	var first int64
	err = s.inTx(ctx, func(t *tx) (err error) {
		first, err = makeLink(ctx, t, 0, target, 1, now)
		return err
	})
	return shortlink.Number(first), err
}
