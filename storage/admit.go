package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// admitBatches is how many batches are read at once, unless the first of them hold so many bytes: a
// batch holds one hit or thousands, 35 bytes each and what they bring of new agents.
const (
	admitBatches = 200
	admitBytes   = 1 << 20
)

// admitKey seeds the advisory lock under which hits are taken in, by one at a time: two would wait
// for each other at every batch. It spells "crm_admi".
const admitKey int64 = 0x63726d5f61646d69

// Admit implements shortlink.Docket. All of it is one transaction: whoever dies in the middle has
// done nothing. A hit that is there already, because its batch was handed in twice, is left as it is.
func (s *Links) Admit(ctx context.Context, limit int) (hits int, more bool, err error) {
	hits, more, _, err = s.admit(ctx, limit, admitBatches)
	if errors.Is(err, fault.ErrInvalid) { // one of them; which?
		var id int64
		hits, more, id, err = s.admit(ctx, 1, 1)
		if errors.Is(err, fault.ErrInvalid) {
			return 0, true, errors.Join(err, s.refuse(ctx, id))
		}
	}
	return hits, more, err
}

// admit takes in so many batches at once; at is the first of those it was at when it failed.
func (s *Links) admit(ctx context.Context, limit, batches int) (hits int, more bool, at int64, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		if err := unhurried(ctx, t); err != nil {
			return err
		}
		var alone bool
		if err := t.NewRaw("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema(), ?))", admitKey).Scan(ctx, &alone); err != nil || !alone {
			more = true
			return err
		}
		last := int64(0) // what this transaction has deleted is not looked at again
		for hits < limit {
			var ids []int64
			var data [][]byte
			if ids, data, more, err = oldestBatches(ctx, t, last, batches); err != nil || len(ids) == 0 {
				return err
			}
			at, last = ids[0], ids[len(ids)-1]
			b, err := oneBatch(data)
			if err != nil {
				return err
			}
			if err := s.enter(ctx, t, b); err != nil {
				return err
			}
			if _, err := t.exec(ctx, "DELETE FROM crm_hit_batches WHERE id = ANY (?)", int64Array(ids)); err != nil {
				return err
			}
			if hits += len(b.Hits); !more {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return 0, false, at, fmt.Errorf("take hits in, from batch %d: %w", at, err)
	}
	return hits, more, at, nil
}

// oldestBatches gives those that came first after one, and tells whether there may be more.
func oldestBatches(ctx context.Context, t *tx, after int64, n int) (ids []int64, data [][]byte, more bool, err error) {
	bytes := 0
	err = t.queryPgx(ctx, func(r pgx.Rows) error {
		var id int64
		var batch []byte
		err := r.Scan(&id, &batch)
		ids, data, bytes = append(ids, id), append(data, batch), bytes+len(batch)
		return err
	}, `SELECT id, hits FROM (
			SELECT id, hits, sum(octet_length(hits)) OVER (ORDER BY id) - octet_length(hits) AS before
			FROM crm_hit_batches WHERE NOT refused AND id > $1 ORDER BY id LIMIT $2) b
		WHERE before < $3 ORDER BY id`, after, n, admitBytes)
	return ids, data, len(ids) == n || bytes >= admitBytes, err
}

// oneBatch makes one of many.
func oneBatch(data [][]byte) (all shortlink.Batch, err error) {
	for _, d := range data {
		b, err := shortlink.DecodeBatch(d)
		if err != nil {
			return all, err
		}
		all.Hits, all.Agents = append(all.Hits, b.Hits...), append(all.Agents, b.Agents...)
	}
	return all, nil
}

// refuse puts a batch aside, for a person to look at: it would hold up all that follow.
func (s *Links) refuse(ctx context.Context, id int64) error {
	_, err := s.bun.NewRaw("UPDATE crm_hit_batches SET refused = true WHERE id = ?", id).Exec(ctx)
	return translate(err)
}

// enterHits makes clicks of hits, and lists the spans of time they lie in for judging: hits that
// waited on a disk lie far from those of now. The person is asked for by the delivery's key: of a
// campaign that the statistics do not know yet, a join would read every delivery. In the order of the
// index by campaign its pages are written once each.
const enterHits = `
	WITH h AS MATERIALIZED (SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::boolean[],
			$8::bigint[], $9::text[], $10::text[], $11::bigint[], $12::text[], $13::text[])
			AS h (at, id, link_id, campaign_id, ordinal, head, ahead, agent, referrer, network, visitor, kind, reason)),
		span AS (INSERT INTO crm_click_spans (from_at, to_at, hits) SELECT min(at), max(at), count(*) FROM h GROUP BY date_bin('10 seconds', at, 'epoch'))
	INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, head, ahead, agent, referrer, network, visitor, kind, reason)
	SELECT at, id, link_id, campaign_id, ordinal,
		coalesce((SELECT d.learner_id FROM crm_deliveries d WHERE h.campaign_id <> 0 AND d.campaign_id = h.campaign_id AND d.ordinal = h.ordinal LIMIT 1), 0),
		head, ahead, agent, referrer, network, visitor, kind, reason
	FROM h ORDER BY campaign_id, ordinal, at ON CONFLICT DO NOTHING`

func (s *Links) enter(ctx context.Context, t *tx, b shortlink.Batch) error {
	if len(b.Hits) == 0 {
		return nil
	}
	if err := s.enterAgents(ctx, t, b.Agents); err != nil {
		return fmt.Errorf("agents: %w", err)
	}
	_, err := t.execPgx(ctx, enterHits, hitColumns(b.Hits)...)
	return err
}

// hitColumns are the arguments of enterHits.
func hitColumns(hits []shortlink.Hit) []any {
	n := len(hits)
	at, id, link, campaign, ordinal := make([]time.Time, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	head, ahead, agent, referrer, network := make([]bool, n), make([]bool, n), make([]int64, n), make([]string, n), make([]string, n)
	visitor, kind, reason := make([]int64, n), make([]string, n), make([]string, n)
	for i, h := range hits {
		at[i], id[i], link[i], campaign[i], ordinal[i] = h.At, h.ID, int64(h.Link), h.Campaign, h.Ordinal
		head[i], ahead[i], agent[i], referrer[i], network[i] = h.Head, h.Ahead, int64(h.Agent), h.Referrer, h.Network
		visitor[i], kind[i], reason[i] = h.Visitor, string(h.Kind), string(h.Reason)
	}
	return []any{at, id, link, campaign, ordinal, head, ahead, agent, referrer, network, visitor, kind, reason}
}

// enterAgents writes down programs that are not in the table yet.
func (s *Links) enterAgents(ctx context.Context, t *tx, agents []shortlink.Agent) error {
	agents = slices.Clone(agents)
	slices.SortFunc(agents, func(a, b shortlink.Agent) int { return cmp.Compare(a.ID, b.ID) })
	agents = slices.CompactFunc(agents, func(a, b shortlink.Agent) bool { return a.ID == b.ID })
	n := len(agents)
	id, text, program, device, app, os := make([]int64, n), make([]string, n), make([]bool, n), make([]string, n), make([]string, n), make([]string, n)
	for i, a := range agents {
		id[i], text[i], program[i], device[i], app[i], os[i] = int64(a.ID), a.Text, a.Program, string(a.Device), string(a.App), string(a.OS)
	}
	_, err := t.execPgx(ctx, `INSERT INTO crm_agents (id, text, program, device, app, os)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::text[]) ON CONFLICT DO NOTHING`,
		id, text, program, device, app, os)
	return err
}
