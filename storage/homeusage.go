package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/home"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// accepted is what counts as sent (DOMAIN §3): taken by a provider, and not returned since.
const accepted = "d.state IN ('accepted', 'delivered')"

// quarter is the quarter of an hour of a moment. Every zone's days begin with one.
func quarter(moment string) string {
	return "to_timestamp(floor(extract(epoch FROM " + moment + ") / 900) * 900)"
}

// acceptedNow writes down that messages of a campaign, which did not count, do; done is a WITH query
// that gives the new state of each.
var acceptedNow = "INSERT INTO crm_usage_changes (campaign_id, at, accepted) SELECT ?, " + quarter("?::timestamptz") + ", count(*) FROM done WHERE state = 'accepted' HAVING count(*) > 0"

// usagePart is how many messages of a campaign that were accepted in a quarter of an hour count.
type usagePart struct {
	CampaignID int64
	At         time.Time
}

// usageOf counts those of some messages, which are locked, that count.
func usageOf(ctx context.Context, t *tx, campaigns, ordinals any) (map[usagePart]int64, error) {
	var rows []struct {
		usagePart `bun:",extend"`
		Accepted  int64
	}
	// Each by its key, as in Receive.
	err := t.NewRaw(`SELECT d.campaign_id, `+quarter("d.accepted_at")+` AS at, count(*) AS accepted
		FROM (SELECT DISTINCT o.campaign, o.ordinal FROM unnest(?::bigint[], ?::bigint[]) AS o (campaign, ordinal)) o
		CROSS JOIN LATERAL (SELECT d.campaign_id, d.accepted_at FROM crm_deliveries d
			WHERE d.campaign_id = o.campaign AND d.ordinal = o.ordinal AND `+accepted+` AND d.accepted_at IS NOT NULL LIMIT 1) d
		GROUP BY 1, 2`, campaigns, ordinals).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count usage: %w", err)
	}
	out := make(map[usagePart]int64, len(rows))
	for _, r := range rows {
		out[usagePart{r.CampaignID, r.At.UTC()}] = r.Accepted
	}
	return out, nil
}

// noteUsage writes down what changed between two counts.
func noteUsage(ctx context.Context, t *tx, before, after map[usagePart]int64) error {
	for p, n := range before {
		after[p] -= n
	}
	for p, n := range after {
		if n == 0 {
			continue
		}
		if _, err := t.exec(ctx, "INSERT INTO crm_usage_changes (campaign_id, at, accepted) VALUES (?, ?, ?)", p.CampaignID, p.At, n); err != nil {
			return fmt.Errorf("note usage: %w", err)
		}
	}
	return nil
}

// Fold implements home.Store.
func (s *Home) Fold(ctx context.Context) error {
	return s.alone(ctx, func(t bun.Tx) error {
		zone, _, err := usageState(ctx, t)
		if err != nil || zone != s.Location.String() {
			return err
		}
		return s.foldChanges(ctx, t)
	})
}

// Recount implements home.Store.
func (s *Home) Recount(ctx context.Context, due, now time.Time) error {
	done := func(db bun.IDB) (bool, error) {
		zone, at, err := usageState(ctx, db)
		return zone == s.Location.String() && !at.Before(due), err
	}
	if ok, err := done(s.bun); err != nil || ok { // without a lock: it is asked twice a minute
		return translate(err)
	}
	return s.alone(ctx, func(t bun.Tx) error {
		if ok, err := done(t); err != nil || ok { // somebody else has just counted
			return err
		}
		return s.countUsage(ctx, t, now)
	})
}

// Counted implements home.Store.
func (s *Home) Counted(ctx context.Context) (bool, error) {
	zone, _, err := usageState(ctx, s.bun)
	return zone != "", translate(err)
}

// usageState gives the zone that the days are of and when all was counted; no zone: it never was.
func usageState(ctx context.Context, db bun.IDB) (zone string, at time.Time, err error) {
	err = db.NewRaw("SELECT zone, counted_at FROM crm_usage_zone").Scan(ctx, &zone, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, nil
	}
	return zone, at, err
}

// recountTimeout bounds counting all messages, in place of what a host sets for its pages.
const recountTimeout = 10 * time.Minute

// alone runs fn unless somebody else adds up or counts at the moment. Neither setting the bound nor
// taking the lock looks at a row, so that fn sees what is there after it.
func (s *Home) alone(ctx context.Context, fn func(t bun.Tx) error) error {
	err := s.bun.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead}, func(ctx context.Context, t bun.Tx) error {
		if _, err := t.ExecContext(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", recountTimeout.Milliseconds())); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, "LOCK TABLE crm_usage_days IN SHARE ROW EXCLUSIVE MODE NOWAIT"); err != nil {
			return err
		}
		return fn(t)
	})
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "55P03" { // lock_not_available
		return nil
	}
	return translate(err)
}

// foldChanges adds changes up by day and by campaign.
func (s *Home) foldChanges(ctx context.Context, t bun.Tx) error {
	_, err := t.ExecContext(ctx, `
		WITH gone AS (DELETE FROM crm_usage_changes RETURNING *),
		days AS (
			INSERT INTO crm_usage_days AS u (channel, day, accepted)
			SELECT c.channel, (g.at AT TIME ZONE ?)::date, sum(g.accepted) FROM gone g JOIN crm_campaigns c ON c.id = g.campaign_id
			GROUP BY 1, 2 HAVING sum(g.accepted) <> 0
			ON CONFLICT (channel, day) DO UPDATE SET accepted = u.accepted + EXCLUDED.accepted)
		INSERT INTO crm_usage_campaigns AS u (campaign_id, accepted)
		SELECT campaign_id, sum(accepted) FROM gone GROUP BY 1 HAVING sum(accepted) <> 0
		ON CONFLICT (campaign_id) DO UPDATE SET accepted = u.accepted + EXCLUDED.accepted`, s.Location.String())
	return err
}

// countUsage counts all messages. It sees one moment: a change that is not seen to be written down is
// of a message that is not seen to have changed.
func (s *Home) countUsage(ctx context.Context, t bun.Tx, now time.Time) error {
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"DELETE FROM crm_usage_changes", nil},
		{"DELETE FROM crm_usage_days", nil},
		{"DELETE FROM crm_usage_campaigns", nil},
		{`WITH parts AS MATERIALIZED (
				SELECT d.campaign_id, (d.accepted_at AT TIME ZONE ?)::date AS day, count(*) AS accepted
				FROM crm_deliveries d WHERE ` + accepted + ` AND d.accepted_at IS NOT NULL GROUP BY 1, 2),
			days AS (INSERT INTO crm_usage_days (channel, day, accepted)
				SELECT c.channel, p.day, sum(p.accepted) FROM parts p JOIN crm_campaigns c ON c.id = p.campaign_id GROUP BY 1, 2)
			INSERT INTO crm_usage_campaigns (campaign_id, accepted) SELECT campaign_id, sum(accepted) FROM parts GROUP BY 1`, []any{s.Location.String()}},
		{"INSERT INTO crm_usage_zone (zone, counted_at) VALUES (?, ?) ON CONFLICT (one) DO UPDATE SET zone = EXCLUDED.zone, counted_at = EXCLUDED.counted_at",
			[]any{s.Location.String(), now}},
	} {
		if _, err := t.ExecContext(ctx, step.sql, step.args...); err != nil {
			return fmt.Errorf("count what was sent: %w", err)
		}
	}
	return nil
}

// usageRows are days and the changes that are not added up yet. Argument: the site's zone.
const usageRows = `(SELECT channel, day, accepted FROM crm_usage_days
	UNION ALL SELECT c.channel, (g.at AT TIME ZONE ?)::date, g.accepted FROM crm_usage_changes g JOIN crm_campaigns c ON c.id = g.campaign_id) u`

// Deliveries implements home.Store.
func (s *Home) Deliveries(ctx context.Context, since, from, to time.Time) (all, month, before int64, err error) {
	err = s.bun.NewRaw(`SELECT coalesce(sum(accepted), 0)::bigint, coalesce(sum(accepted) FILTER (WHERE day >= ?::date), 0)::bigint,
			coalesce(sum(accepted) FILTER (WHERE day BETWEEN ?::date AND ?::date), 0)::bigint FROM `+usageRows,
		since.Format(time.DateOnly), from.Format(time.DateOnly), to.Format(time.DateOnly), s.Location.String()).Scan(ctx, &all, &month, &before)
	return all, month, before, translate(err)
}

// Usage implements home.Store.
func (s *Home) Usage(ctx context.Context, by home.Step, since time.Time) ([]home.Sent, error) {
	var rows []struct {
		From     time.Time
		Channel  string
		Accepted int64
	}
	err := s.bun.NewRaw(`SELECT date_trunc(?, day::timestamp)::date AS "from", channel, sum(accepted)::bigint AS accepted FROM `+usageRows+`
		WHERE day >= ?::date GROUP BY 1, 2 HAVING sum(accepted) <> 0 ORDER BY 1, 2`, string(by), s.Location.String(), since.Format(time.DateOnly)).Scan(ctx, &rows)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]home.Sent, len(rows))
	for i, r := range rows {
		out[i] = home.Sent{From: time.Date(r.From.Year(), r.From.Month(), r.From.Day(), 0, 0, 0, 0, time.UTC), Channel: h.Channel(r.Channel), Accepted: r.Accepted}
	}
	return out, nil
}
