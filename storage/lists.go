package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

var listStage = stage[segment.IDEntry]{
	name:    "crm_in_list",
	columns: []column{{"kind", "text"}, {"value", "text"}, {"line", "integer"}},
	values:  func(e segment.IDEntry) ([]any, error) { return []any{string(e.Kind), e.Value, e.Line}, nil },
}

// unmatchedShown is how many of the entries that nobody has a report names.
const unmatchedShown = 100

// SaveList implements segment.Library. Entries are compared with whole contacts, whether they may
// be used or not: who is on a list is a different question from who can be reached.
func (s *Segments) SaveList(ctx context.Context, l segment.IDList, in segment.ListInput, now time.Time) (segment.ListReport, error) {
	out := segment.ListReport{Given: len(l.Entries)}
	err := s.inTx(ctx, func(t *tx) error {
		if err := listStage.fill(ctx, t, l.Entries); err != nil {
			return err
		}
		var id int32
		if err := t.NewRaw(`INSERT INTO crm_lists (name, by_id, by_name, given, people, created_at) VALUES (?, ?, ?, ?, 0, ?) RETURNING id`,
			in.Name, in.ByID, in.ByName, len(l.Entries), now).Scan(ctx, &id); err != nil {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO crm_list_members (list_id, learner_id) SELECT DISTINCT ?::integer, id FROM (`+listMatches+`) m`, id)
		if err != nil {
			return fmt.Errorf("match list: %w", err)
		}
		if n == 0 {
			problems := fault.Fields{}
			problems.Add("list", "problem.list_nobody", len(l.Entries))
			return problems
		}
		if _, err := t.exec(ctx, "UPDATE crm_lists SET people = ? WHERE id = ?", n, id); err != nil {
			return err
		}
		out.ID, out.People = int64(id), int(n)
		return unmatched(ctx, t, &out)
	})
	return out, err
}

// listMatches gives the people of the staged entries, entry by entry.
const listMatches = `
	SELECT l.id, i.kind, i.value FROM crm_in_list i JOIN crm_learners l ON l.host_id = i.value WHERE i.kind = 'id' AND ` + people + `
	UNION ALL SELECT l.id, i.kind, i.value FROM crm_in_list i JOIN crm_learners l ON coalesce(l.usable_mobile, l.mobile) = i.value WHERE i.kind = 'mobile' AND ` + people + `
	UNION ALL SELECT l.id, i.kind, i.value FROM crm_in_list i JOIN crm_learners l ON lower(l.email) = i.value WHERE i.kind = 'email' AND ` + people

// unmatched reports the entries that nobody has.
func unmatched(ctx context.Context, t *tx, out *segment.ListReport) error {
	var rows []struct {
		Kind, Value string
		Line, Total int
	}
	err := t.NewRaw(`WITH found AS MATERIALIZED (`+listMatches+`)
		SELECT kind, value, line, count(*) OVER () AS total FROM crm_in_list i
		WHERE NOT EXISTS (SELECT FROM found f WHERE f.kind = i.kind AND f.value = i.value) ORDER BY line LIMIT ?`, unmatchedShown).Scan(ctx, &rows)
	for _, r := range rows {
		out.Missing = r.Total
		out.Unmatched = append(out.Unmatched, segment.IDEntry{Kind: segment.IDKind(r.Kind), Value: r.Value, Line: r.Line})
	}
	return err
}
