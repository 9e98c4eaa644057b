package storage

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// EachVisit implements shortlink.StatStore. It sends human hits to be counted here: what PostgreSQL
// needs several passes over a million rows for, with a set of people for each figure, is one pass
// over sorted rows then.
func (s *Links) EachVisit(ctx context.Context, of shortlink.Scope, survey func(shortlink.Survey), each func(shortlink.Visit)) error {
	return s.moment(ctx, func(tx pgx.Tx) error {
		known, err := surveyed(ctx, tx, of)
		if err != nil {
			return err
		}
		survey(known)
		if len(known.Links) == 0 {
			return nil
		}
		return eachVisit(ctx, tx, of, known.Links, each)
	})
}

// scan leaves the planner no index to walk, which it takes for cheaper than it is: in the order of
// recipients each hit of a campaign is on another page, and finding a million of them so takes
// several times as long as reading all there is and sorting. Bitmaps of indexes are left to it.
const scan = "SELECT set_config('enable_indexscan', 'off', true)"

// moment runs fn in a transaction that sees the database as it is at one moment.
func (d *DB) moment(ctx context.Context, fn func(pgx.Tx) error) error {
	return d.onConn(ctx, d.heavy, func(c *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, settings, strconv.FormatInt(audienceTimeout.Milliseconds(), 10)+"ms", strconv.Itoa(memoryEach)+"MB", "auto"); err != nil {
				return err
			}
			return fn(tx)
		})
	})
}

// surveyed reads what is known of a scope without looking at people.
func surveyed(ctx context.Context, tx pgx.Tx, of shortlink.Scope) (shortlink.Survey, error) {
	var out shortlink.Survey
	var err error
	if of.Campaign != 0 {
		var planned *time.Time
		err := tx.QueryRow(ctx, `SELECT planned_at, (SELECT count(*) FROM crm_deliveries WHERE campaign_id = $1
				AND (state IN ('accepted', 'delivered') OR state = 'failed' AND accepted_at IS NOT NULL))
			FROM crm_campaigns WHERE id = $1`, of.Campaign).Scan(&planned, &out.Sent)
		if err != nil {
			return out, fmt.Errorf("campaign of clicks: %w", err)
		}
		if planned != nil {
			out.Began = planned.UTC()
		}
	}
	if out.Links, err = statLinks(ctx, tx, of); err != nil {
		return out, fmt.Errorf("links of clicks: %w", err)
	}
	if of.Link != 0 && len(out.Links) == 0 {
		return out, fmt.Errorf("link of clicks: %w", fault.ErrNotFound)
	}
	if err := countHits(ctx, tx, of, &out); err != nil {
		return out, fmt.Errorf("count clicks: %w", err)
	}
	return out, nil
}

// statLinks lists the links of a scope that people see.
func statLinks(ctx context.Context, tx pgx.Tx, of shortlink.Scope) ([]shortlink.LinkStats, error) {
	kind := shortlink.LinkFree
	if of.Campaign != 0 {
		kind = shortlink.LinkCampaign
	}
	rows, err := tx.Query(ctx, "SELECT id, target FROM crm_links WHERE campaign_id = $1 AND kind = $2 AND ($3 = 0 OR id = $3) ORDER BY id", of.Campaign, string(kind), int64(of.Link))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (l shortlink.LinkStats, err error) {
		return l, r.Scan((*int64)(&l.ID), &l.Target)
	})
}

// countHits adds up raw hits. Those of links that nobody sees count as a whole only.
func countHits(ctx context.Context, tx pgx.Tx, of shortlink.Scope, out *shortlink.Survey) error {
	if _, err := tx.Exec(ctx, scan); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "SELECT link_id, kind, reason, count(*), min(at), max(at) FROM crm_clicks WHERE campaign_id = $1 AND ($2 = 0 OR link_id = $2) GROUP BY 1, 2, 3",
		of.Campaign, int64(of.Link))
	if err != nil {
		return err
	}
	places := map[shortlink.LinkID]int{}
	for i, l := range out.Links {
		places[l.ID] = i
	}
	return readRows(rows, func(r pgx.Rows) error {
		var c hitCount
		if err := r.Scan((*int64)(&c.link), (*string)(&c.Kind), (*string)(&c.Reason), &c.hits, &c.first, &c.last); err != nil {
			return err
		}
		i, ours := places[c.link]
		if ours {
			out.Links[i].Hits += c.hits
		}
		c.into(&out.Totals, ours)
		if ours && c.Kind == shortlink.Human {
			out.Links[i].Human, out.Links[i].First = c.hits, c.first.UTC()
		}
		return nil
	})
}

// hitCount is how many hits of a link were taken for the same.
type hitCount struct {
	shortlink.Verdict
	link        shortlink.LinkID
	hits        int64
	first, last time.Time
}

// into adds hits to totals; seen tells that people see the link.
func (c hitCount) into(t *shortlink.Totals, seen bool) {
	if t.ByVerdict == nil {
		t.ByVerdict = map[shortlink.Verdict]int64{}
	}
	t.Hits += c.hits
	t.ByVerdict[c.Verdict] += c.hits
	if c.Kind != shortlink.Human || !seen {
		return
	}
	if t.First.IsZero() || c.first.Before(t.First) {
		t.First = c.first.UTC()
	}
	if c.last.After(t.Last) {
		t.Last = c.last.UTC()
	}
}

// eachVisit sends the human hits, those of one person together.
func eachVisit(ctx context.Context, tx pgx.Tx, of shortlink.Scope, links []shortlink.LinkStats, each func(shortlink.Visit)) error {
	order := "k.ordinal"
	if of.Campaign == 0 {
		order = "(k.at AT TIME ZONE 'UTC')::date, k.visitor, k.agent"
	}
	// Described first, the answer comes in binary form, which is read in half the time.
	rows, err := tx.Query(ctx, `
		SELECT k.link_id, k.at, k.ordinal, k.visitor, k.agent, coalesce(a.device, ''), coalesce(a.app, ''), coalesce(a.os, ''), d.accepted_at, coalesce(l.province, '')
		FROM crm_clicks k LEFT JOIN crm_agents a ON a.id = k.agent
		LEFT JOIN crm_deliveries d ON d.campaign_id = k.campaign_id AND d.ordinal = k.ordinal LEFT JOIN crm_learners l ON l.id = k.learner_id
		WHERE k.campaign_id = $1 AND k.kind = 'human' AND k.link_id = ANY ($2) ORDER BY `+order, pgx.QueryExecModeDescribeExec, of.Campaign, linkIDs(links))
	if err != nil {
		return fmt.Errorf("read clicks: %w", err)
	}
	known := words{}
	var v shortlink.Visit
	var device, app, os, province pgtype.DriverBytes
	var accepted pgtype.Timestamptz
	places := []any{(*int64)(&v.Link), &v.At, &v.Ordinal, &v.Visitor, (*int64)(&v.Agent), &device, &app, &os, &accepted, &province}
	if err := readRows(rows, func(r pgx.Rows) error {
		if err := r.Scan(places...); err != nil {
			return err
		}
		v.Device, v.App, v.OS = shortlink.Device(known.word(device)), shortlink.App(known.word(app)), shortlink.OS(known.word(os))
		v.Accepted, v.Province = accepted.Time, known.word(province)
		each(v)
		return nil
	}); err != nil {
		return fmt.Errorf("read clicks: %w", err)
	}
	return nil
}

// words holds each of a few words once, which come in a million rows.
type words map[string]string

func (w words) word(b []byte) string {
	if s, ok := w[string(b)]; ok { // makes no string
		return s
	}
	s := string(b)
	w[s] = s
	return s
}

func linkIDs(links []shortlink.LinkStats) []int64 {
	out := make([]int64, len(links))
	for i, l := range links {
		out[i] = int64(l.ID)
	}
	return out
}
