package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/segment"
)

// Home implements home.Store.
type Home struct {
	*DB
	Currency string         // ISO 4217, of the sums
	Location *time.Location // the site's zone
}

// homeTimeout bounds counting over whole tables.
const homeTimeout = 30 * time.Second

// Last implements home.Store.
func (s *Home) Last(ctx context.Context) (home.Figures, bool, error) {
	var text []byte
	var f home.Figures
	err := s.bun.NewRaw("SELECT figures FROM crm_home_figures").Scan(ctx, &text)
	if err == sql.ErrNoRows { //nolint:errorlint // bun gives it as it is
		return f, false, nil
	}
	if err != nil {
		return f, false, translate(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return home.Figures{}, false, nil // of another version of the program; they are counted again
	}
	return f, true, nil
}

// Keep implements home.Store.
func (s *Home) Keep(ctx context.Context, f home.Figures) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = s.bun.NewRaw(`INSERT INTO crm_home_figures (counted_at, figures) VALUES (?, ?)
		ON CONFLICT (one) DO UPDATE SET counted_at = EXCLUDED.counted_at, figures = EXCLUDED.figures`,
		f.Totals.At, string(text)).Exec(ctx)
	return translate(err)
}

// Count implements home.Store: one pass over the people, and each other table once.
func (s *Home) Count(ctx context.Context, q home.Question) (home.Figures, error) {
	f := home.Figures{Bands: make([]int64, len(q.Bands))}
	questions := []question{s.peopleQuestion(q, &f), campaignsQuestion(q, &f.Totals), s.ratesQuestion(q, &f.Totals), s.attributedQuestion(q, &f.Totals)}
	return f, s.askIn(ctx, nil, homeTimeout, questions...)
}

// peopleQuestion counts the people, all bands of them in the same pass.
func (s *Home) peopleQuestion(q home.Question, f *home.Figures) question {
	var bands strings.Builder
	args := []any{q.Since}
	for _, b := range q.Bands {
		bands.WriteString(", count(*) FILTER (WHERE l.own AND (" + b.SQL + "))")
		args = append(args, predicateArgs(b)...)
	}
	t := &f.Totals
	return newQuestion(`SELECT count(*), count(*) FILTER (WHERE l.own), count(*) FILTER (WHERE l.own AND l.registered_at >= ?),
			count(*) FILTER (WHERE l.own AND l.paid_order_count > 0), coalesce(sum(l.paid_total) FILTER (WHERE l.own), 0)::bigint`+bands.String()+`
		FROM (SELECT *, status = 'active' AND marketable AS own FROM crm_learners l WHERE `+people+`) l`, args,
		func(r pgx.Rows) error {
			to := []any{&t.Accounts, &t.People, &t.NewPeople, &t.Payers, &t.Revenue}
			for i := range f.Bands {
				to = append(to, &f.Bands[i])
			}
			return r.Scan(to...)
		})
}

func campaignsQuestion(q home.Question, t *home.Totals) question {
	return newQuestion(`SELECT count(*), count(*) FILTER (WHERE launched_at >= ?), count(*) FILTER (WHERE launched_at >= ? AND launched_at < ?) FROM crm_campaigns`,
		[]any{q.Month, q.LastMonth, q.LastMonthSame}, func(r pgx.Rows) error { return r.Scan(&t.Campaigns, &t.CampaignsMonth, &t.CampaignsBefore) })
}

// rated is how many campaigns a click rate is compared with.
const rated = 10

// figuresAge is how old figures of the report may be: each campaign's are counted again within a day.
const figuresAge = 26 * time.Hour

// gotten are the messages d of a campaign c that rates are of, as campaign.Result.Taken: bounced ones
// included.
const gotten = "FROM crm_deliveries d WHERE d.campaign_id = c.id AND (d.state IN ('accepted', 'delivered') OR d.state = 'failed' AND d.accepted_at IS NOT NULL)"

// ratesQuestion finds the click rate of the campaign with a link that was planned last, is old enough
// and reached anybody, and those of such campaigns before it. The first is counted as its own page
// counts it, the others are as the report has them. Campaigns are looked at one by one from the
// latest on (OFFSET 0 keeps the order), so that only a few are.
func (s *Home) ratesQuestion(q home.Question, t *home.Totals) question {
	sum, n := 0.0, 0
	const clickers = "SELECT count(DISTINCT k.ordinal) FROM crm_clicks k WHERE k.campaign_id = c.id AND k.kind = 'human'"
	return newQuestion(`SELECT c.id, CASE WHEN own THEN (SELECT count(*) `+gotten+`) ELSE f.taken END, CASE WHEN own THEN (`+clickers+`) ELSE f.clickers END
		FROM (SELECT c.id, c.planned_at, row_number() OVER (ORDER BY c.planned_at DESC, c.id DESC) AS n
			FROM (SELECT id, planned_at FROM crm_campaigns WHERE tracked AND NOT direct AND planned_at <= ? ORDER BY planned_at DESC, id DESC OFFSET 0) c
			WHERE (SELECT true `+gotten+` LIMIT 1) ORDER BY c.planned_at DESC, c.id DESC LIMIT ?) c
		LEFT JOIN crm_campaign_figures f ON f.campaign_id = c.id AND f.counted_at >= ?
		CROSS JOIN LATERAL (SELECT c.n = 1 OR coalesce(f.taken, 0) = 0 AS own) o
		ORDER BY c.n`, []any{q.Rated, rated + 1, q.Now.Add(-figuresAge)},
		func(r pgx.Rows) error {
			var id, got, clicked int64
			if err := r.Scan(&id, &got, &clicked); err != nil {
				return err
			}
			switch rate := float64(clicked) / float64(got); {
			case got == 0: // taken back between two looks
			case !t.RateKnown:
				t.RateKnown, t.RateCampaign, t.ClickRate = true, campaign.ID(id), rate
			default:
				n++
				sum += rate
				t.MeanKnown, t.MeanRate = true, sum/float64(n)
			}
			return nil
		})
}

// attributedQuestion sums up what counts for campaigns: orders after a human click, each once
// (campaign.Attribute). Clicks that are too old for any of them are in partitions that are not read.
func (s *Home) attributedQuestion(q home.Question, t *home.Totals) question {
	window := int64(q.Window.Seconds())
	return newQuestion(`SELECT coalesce(sum(o.paid_amount - o.refunded) FILTER (WHERE o.paid_on >= ?), 0)::bigint,
			coalesce(sum(o.paid_amount - o.refunded) FILTER (WHERE o.paid_on < ?), 0)::bigint
		FROM crm_orders o
		WHERE o.paid_amount > 0 AND o.currency = ? AND o.paid_on >= ?
			AND o.learner_id IN (SELECT learner_id FROM crm_clicks WHERE kind = 'human' AND at >= ?::timestamptz - ? * interval '1 second')
			AND EXISTS (SELECT FROM crm_clicks k WHERE k.learner_id = o.learner_id AND k.kind = 'human'
				AND k.at <= o.paid_on AND k.at >= o.paid_on - ? * interval '1 second')`,
		[]any{q.Since, q.Since, s.Currency, q.Before, q.Before, window, window}, func(r pgx.Rows) error { return r.Scan(&t.Attributed, &t.AttributedBefore) })
}

// Running implements home.Store. A chunk that is done has settled all of its messages, one that
// nobody took has settled none; only of the others the messages are counted.
func (s *Home) Running(ctx context.Context, limit int) ([]campaign.Listed, error) {
	var rows []listedRow
	err := s.bun.NewRaw("SELECT "+campaignColumns+`, coalesce(k.sendable, 0) AS sendable, coalesce(k.settled, 0) AS settled,
			coalesce((SELECT u.accepted FROM crm_usage_campaigns u WHERE u.campaign_id = c.id), 0)
				+ coalesce((SELECT sum(g.accepted) FROM crm_usage_changes g WHERE g.campaign_id = c.id), 0)::bigint AS accepted
		FROM (SELECT * FROM crm_campaigns WHERE state NOT IN ('done', 'cancelled') AND NOT direct ORDER BY id DESC LIMIT ?) c
		LEFT JOIN LATERAL (
			SELECT sum(CASE WHEN k.last THEN d.sendable ELSE ? END)::bigint AS sendable,
				sum(CASE WHEN NOT k.done THEN d.settled WHEN k.last THEN d.sendable ELSE ? END)::bigint AS settled
			FROM (SELECT k.*, k.chunk = max(k.chunk) OVER () AS last FROM crm_chunks k WHERE k.campaign_id = c.id AND k.chunk >= 0) k
			CROSS JOIN LATERAL (
				SELECT count(*) FILTER (WHERE d.chunk >= 0) AS sendable, count(*) FILTER (WHERE d.chunk >= 0 AND d.state NOT IN ('queued', 'sending')) AS settled
				FROM crm_deliveries d WHERE (k.last OR NOT k.done AND k.generation > 0)
					AND d.campaign_id = c.id AND d.ordinal >= k.chunk::bigint * ? AND d.ordinal < (k.chunk::bigint + 1) * ?) d) k ON true
		ORDER BY c.id DESC`, limit, campaign.ChunkSize, campaign.ChunkSize, campaign.ChunkSize, campaign.ChunkSize).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("running campaigns: %w", translate(err))
	}
	return listed(rows)
}

// Trends implements home.Store.
func (s *Home) Trends(ctx context.Context, ids []segment.QueryID, since time.Time) (map[segment.QueryID][]segment.Point, error) {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	var rows []struct {
		QueryID int64
		Day     time.Time
		Count   int64
	}
	if err := s.bun.NewRaw("SELECT query_id, day, count FROM crm_query_counts WHERE query_id = ANY (?) AND day >= ?::date ORDER BY query_id, day",
		int64Array(list), since.Format(time.DateOnly)).Scan(ctx, &rows); err != nil {
		return nil, translate(err)
	}
	out := map[segment.QueryID][]segment.Point{}
	for _, r := range rows {
		id := segment.QueryID(r.QueryID)
		out[id] = append(out[id], segment.Point{Day: r.Day, Count: r.Count})
	}
	return out, nil
}
