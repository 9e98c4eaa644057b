package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// clicksKey seeds the advisory lock under which kept hits are judged, by one at a time: two
// judges would read the same and write over each other. It spells "crm_judg". Hits are taken in
// meanwhile, under a lock of its own: the span that comes with them has them judged later.
const clicksKey int64 = 0x63726d5f6a756467

// spanHits bounds the spans of a pass to a tenth of its hits: of many spans with a hit or two in
// each, far from each other, each costs questions of its own.
const spanHits = 10

// Judge implements shortlink.Docket. All of a pass is one transaction: a judge that dies has done
// nothing, and the list is as it was.
//
// Every hit ends as if all hits had been judged at once, in whatever order they come: whoever keeps
// a hit lists a span in the same transaction, so that a later pass reads it together with all those
// whose verdict it may change.
func (s *Links) Judge(ctx context.Context, r shortlink.Rules, limit int) (shortlink.Pass, error) {
	return s.judge(ctx, r, limit, pages)
}

func (s *Links) judge(ctx context.Context, r shortlink.Rules, limit int, z sizes) (pass shortlink.Pass, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		if err := unhurried(ctx, t); err != nil {
			return err
		}
		var alone bool
		if err := t.NewRaw("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema(), ?))", clicksKey).Scan(ctx, &alone); err != nil || !alone {
			return err
		}
		spans, more, err := listedSpans(ctx, t, r.Version, limit)
		if err != nil || len(spans) == 0 {
			return err
		}
		j, err := newJudging(ctx, t, r, z)
		if err != nil {
			return err
		}
		for _, part := range stretches(spans) {
			if err := j.stretch(ctx, part); err != nil {
				return err
			}
		}
		ids := make([]int64, len(spans))
		for i, span := range spans {
			ids[i] = span.ID
		}
		if _, err := t.exec(ctx, "DELETE FROM crm_click_spans WHERE id = ANY (?)", int64Array(ids)); err != nil {
			return err
		}
		pass = j.pass
		pass.More = more
		return nil
	})
	if err != nil {
		return shortlink.Pass{}, fmt.Errorf("judge hits: %w", err)
	}
	return pass, nil
}

// unhurried lifts the bounds that a host sets on statements of its pages: what is to be done for all
// hits takes as long as it takes, and stopped half way it would never be done.
func unhurried(ctx context.Context, t *tx) error {
	_, err := t.exec(ctx, "SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)")
	return err
}

type spanRow struct {
	ID, Hits     int64
	FromAt, ToAt time.Time
}

// listedSpans gives the spans with the newest hits: whoever looks at a page sees those of this minute
// judged first, also when all of two years are listed. They are none where the kept hits are judged
// by other rules.
func listedSpans(ctx context.Context, t *tx, version string, limit int) (spans []spanRow, more bool, err error) {
	most := limit/spanHits + 1
	if err := t.NewRaw(`SELECT id, from_at, to_at, hits FROM crm_click_spans
		WHERE EXISTS (SELECT FROM crm_click_rules WHERE version = ?) ORDER BY to_at DESC, id DESC LIMIT ?`, version, most+1).Scan(ctx, &spans); err != nil {
		return nil, false, err
	}
	hits := int64(0)
	for i, span := range spans {
		hits += span.Hits
		if i > 0 && (hits > int64(limit) || i >= most) {
			return spans[:i], true, nil
		}
	}
	return spans, false, nil
}

// stretch is a time whose hits are judged, with both ends.
type stretch struct{ from, to time.Time }

// stretches are the times whose hits may be taken for something else because of those in the
// spans. Where the hits to be read for two of them overlap they are one: all of them are read then.
func stretches(spans []spanRow) []stretch {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b spanRow) int { return a.FromAt.Compare(b.FromAt) })
	var out []stretch
	for _, span := range spans {
		s := stretch{from: span.FromAt.Add(-shortlink.LookAhead), to: span.ToAt.Add(shortlink.LookBack)}
		if n := len(out); n > 0 && !s.from.Add(-shortlink.LookBack).After(out[n-1].to.Add(shortlink.LookAhead)) {
			if s.to.After(out[n-1].to) {
				out[n-1].to = s.to
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// change is a verdict that differs from what a hit was taken for.
type change struct {
	at time.Time
	id int64
	shortlink.Verdict
}

// maxChanges is how many verdicts one statement writes.
const maxChanges = 5000

// write enters verdicts. The bounds of the time let PostgreSQL read the partition and the part of
// it that they are in, and nothing else.
func (j *judging) write(ctx context.Context, changes []change) error {
	for part := range slices.Chunk(changes, maxChanges) {
		at, id, kind, reason := make([]time.Time, len(part)), make([]int64, len(part)), make([]string, len(part)), make([]string, len(part))
		for i, c := range part {
			at[i], id[i], kind[i], reason[i] = c.at, c.id, string(c.Kind), string(c.Reason)
		}
		n, err := j.t.execPgx(ctx, `UPDATE crm_clicks c SET kind = v.kind, reason = v.reason
			FROM unnest($1::timestamptz[], $2::bigint[], $3::text[], $4::text[]) AS v (at, id, kind, reason)
			WHERE c.at >= $5 AND c.at <= $6 AND c.at = v.at AND c.id = v.id`, at, id, kind, reason, at[0], at[len(at)-1])
		if err != nil {
			return err
		}
		if n != int64(len(part)) { // somebody dropped or moved hits by hand
			return fmt.Errorf("%w: %d of %d hits are not where they were", fault.ErrUnavailable, int64(len(part))-n, len(part))
		}
		j.pass.Changed += len(part)
	}
	return nil
}
