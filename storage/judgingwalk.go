package storage

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/shortlink"
)

// sizes bound what a judge holds in memory.
type sizes struct {
	page int // hits read at once
	most int // hits held; a page more for a moment
}

// pages: a hit that is held and judged takes some 500 bytes, so a flood takes 50 MB.
var pages = sizes{page: 20_000, most: 100_000}

// judging is a pass under way.
type judging struct {
	t        *tx
	rules    shortlink.Rules
	sizes    sizes
	programs map[int64]bool // agents seen so far
	links    map[int64]int  // of campaigns seen so far, traps not counted
	traps    map[shortlink.LinkID]bool
	networks map[string]string // one copy of each
	pass     shortlink.Pass
}

// newJudging begins a pass. Hits are read by ranges of time and joined to lists of ours by hashes,
// never in loops: the planner takes what no statistics know for empty.
func newJudging(ctx context.Context, t *tx, r shortlink.Rules, z sizes) (*judging, error) {
	_, err := t.exec(ctx, "SELECT set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true)")
	return &judging{t: t, rules: r, sizes: z, programs: map[int64]bool{}, links: map[int64]int{},
		traps: map[shortlink.LinkID]bool{}, networks: map[string]string{}}, err
}

// window is the hits that are needed to judge the next ones, in the order of time. The first done of
// them are judged, or are there for the others' sake only.
type window struct {
	hits []shortlink.Seen
	done int
}

// stretch judges the hits of a time, page by page.
//
// Where more hits than fit into memory lie within the reach of one verdict, verdicts see a part of
// the hits around theirs only, the nearest ones before them. That takes 100,000 hits within half a
// minute.
func (j *judging) stretch(ctx context.Context, s stretch) error {
	var w window
	at, id := s.from.Add(-shortlink.LookBack), int64(math.MinInt64)
	for ended := false; !ended; {
		page, err := j.read(ctx, at, id, s.to.Add(shortlink.LookAhead))
		if err != nil {
			return err
		}
		ended = len(page) < j.sizes.page
		w.hits = append(w.hits, page...)
		if len(w.hits) == 0 {
			return nil
		}
		last := w.hits[len(w.hits)-1]
		at, id = last.At, last.ID
		for w.done < len(w.hits) && w.hits[w.done].At.Before(s.from) {
			w.done++
		}
		if to := w.sure(ended, j.sizes.most); to > w.done {
			if err := j.settle(ctx, w.hits, w.done, to, s.to); err != nil {
				return err
			}
			w.done = to
		}
		w.forget(j.sizes)
	}
	return nil
}

// sure is the end of the hits that can be judged by what is there: all that is around them.
func (w *window) sure(ended bool, most int) int {
	if ended {
		return len(w.hits)
	}
	last := w.hits[len(w.hits)-1].At // more of the same instant may follow
	n := sort.Search(len(w.hits), func(i int) bool { return !w.hits[i].At.Add(shortlink.LookAhead).Before(last) })
	if n <= w.done && len(w.hits) >= most {
		return len(w.hits)
	}
	return max(n, w.done)
}

// forget drops hits that no verdict to come looks at, and the earliest where there are too many
// for another page.
func (w *window) forget(z sizes) {
	next := w.hits[min(w.done, len(w.hits)-1)].At
	n := sort.Search(len(w.hits), func(i int) bool { return !w.hits[i].At.Add(shortlink.LookBack).Before(next) })
	n = min(max(n, len(w.hits)+z.page-z.most), w.done)
	w.hits, w.done = slices.Delete(w.hits, 0, n), w.done-n
}

// settle judges hits and writes what changed for those from one place to another, up to a time.
func (j *judging) settle(ctx context.Context, hits []shortlink.Seen, from, to int, until time.Time) error {
	verdicts := j.rules.Judge(hits)
	var changes []change
	for i := from; i < to && !hits[i].At.After(until); i++ {
		j.pass.Hits++
		if v, h := verdicts[i], &hits[i]; v.Kind != h.Kind || v.Reason != h.Reason {
			changes = append(changes, change{h.At, h.ID, v})
		}
	}
	return j.write(ctx, changes)
}

// handOver is how long after a batch was taken its messages may begin to be handed over, for all
// we know: when the provider took them is written down once for all. A mail server takes a hundred
// mails in some ten seconds; who reads the first of them before it took the last is a person.
const handOver = "interval '10 seconds'"

// The delivery is asked for by its key, as a scalar: of a campaign that no statistics know the
// planner would hash all deliveries there are. A hit before the message was taken in hand for the
// last time (give or take what clocks differ) came of an earlier try, which is not known any more.
const readHits = `
	SELECT c.at, c.id, c.link_id, c.campaign_id, c.ordinal, c.head, c.ahead, c.agent, c.network, c.visitor, c.kind, c.reason,
		(SELECT least(d.accepted_at, d.sending_at + ` + handOver + `) FROM crm_deliveries d
			WHERE c.campaign_id <> 0 AND d.campaign_id = c.campaign_id AND d.ordinal = c.ordinal
				AND (d.sending_at IS NULL OR d.sending_at <= c.at + interval '5 seconds') LIMIT 1)
	FROM crm_clicks c WHERE c.at >= $1 AND (c.at, c.id) > ($1, $2) AND c.at <= $3 ORDER BY c.at, c.id LIMIT $4`

// read gives the page of hits after one, up to a time.
func (j *judging) read(ctx context.Context, at time.Time, id int64, to time.Time) ([]shortlink.Seen, error) {
	var page []shortlink.Seen
	err := j.t.queryPgx(ctx, func(r pgx.Rows) error {
		var s shortlink.Seen
		var delivered *time.Time
		err := r.Scan(&s.At, &s.ID, &s.Link, &s.Campaign, &s.Ordinal, &s.Head, &s.Ahead, &s.Agent, &s.Network, &s.Visitor, &s.Kind, &s.Reason, &delivered)
		s.At = s.At.UTC()
		if delivered != nil {
			s.Delivered = *delivered
		}
		if _, known := j.networks[s.Network]; !known {
			j.networks[s.Network] = s.Network
		}
		s.Network = j.networks[s.Network]
		page = append(page, s)
		return err
	}, readHits, at, id, to, j.sizes.page)
	if err != nil {
		return nil, fmt.Errorf("read hits: %w", err)
	}
	if err := j.learn(ctx, page); err != nil {
		return nil, err
	}
	for i := range page {
		s := &page[i]
		s.Program = j.programs[int64(s.Agent)]
		if s.Campaign != 0 {
			s.Trap, s.Links = j.traps[s.Link], j.links[s.Campaign]
		}
	}
	return page, nil
}

// learn asks for the agents and campaigns of a page that were not met before.
func (j *judging) learn(ctx context.Context, page []shortlink.Seen) error {
	agents, campaigns := map[int64]bool{}, map[int64]bool{}
	for i := range page {
		a, campaign := int64(page[i].Agent), page[i].Campaign
		if _, known := j.programs[a]; !known {
			agents[a] = true
		}
		if _, known := j.links[campaign]; !known && campaign != 0 {
			campaigns[campaign] = true
		}
	}
	if len(agents) > 0 {
		for a := range agents {
			j.programs[a] = false
		}
		if err := j.t.queryPgx(ctx, func(r pgx.Rows) error {
			var a int64
			err := r.Scan(&a)
			j.programs[a] = true
			return err
		}, "SELECT id FROM crm_agents WHERE id = ANY ($1::bigint[]) AND program", slices.Collect(maps.Keys(agents))); err != nil {
			return fmt.Errorf("read agents: %w", err)
		}
	}
	if len(campaigns) == 0 {
		return nil
	}
	for c := range campaigns {
		j.links[c] = 0
	}
	if err := j.t.queryPgx(ctx, func(r pgx.Rows) error {
		var link shortlink.LinkID
		var campaign int64
		var trap bool
		err := r.Scan(&link, &campaign, &trap)
		if trap {
			j.traps[link] = true
		} else {
			j.links[campaign]++
		}
		return err
	}, "SELECT id, campaign_id, kind = 'trap' FROM crm_links WHERE campaign_id = ANY ($1::bigint[])", slices.Collect(maps.Keys(campaigns))); err != nil {
		return fmt.Errorf("read links: %w", err)
	}
	return nil
}

// queryPgx asks with pgx's own arguments and reads the rows.
func (t *tx) queryPgx(ctx context.Context, read func(pgx.Rows) error, query string, args ...any) error {
	return t.pgx(func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, query, append([]any{pgx.QueryExecModeExec}, args...)...)
		if err != nil {
			return err
		}
		return readRows(rows, read)
	})
}

// execPgx runs a statement with pgx's own arguments and tells how many rows it changed: arrays go
// over as they are, and no text is built of them.
func (t *tx) execPgx(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = t.pgx(func(c *pgx.Conn) error {
		tag, err := c.Exec(ctx, query, append([]any{pgx.QueryExecModeExec}, args...)...)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

func (t *tx) pgx(fn func(c *pgx.Conn) error) error {
	return t.conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("connection is %T, not pgx's", driverConn)
		}
		return fn(c.Conn())
	})
}
