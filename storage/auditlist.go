package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
)

// Entries implements audit.Reader.
func (a *Audit) Entries(ctx context.Context, q audit.Query, before int64, limit int) ([]audit.Line, int64, error) {
	where, args := auditWhere(q)
	if before > 0 {
		where, args = where+" AND id < ?", append(args, before)
	}
	var rows []auditRow
	err := a.bun.NewRaw(`SELECT id, at, staff_id, staff_name, action, object, coalesce(detail::text, '') AS detail, ip, request
		FROM crm_audit WHERE `+where+` ORDER BY id DESC LIMIT ?`, append(args, limit+1)...).Scan(ctx, &rows)
	if err != nil {
		return nil, 0, fmt.Errorf("read record: %w", translate(err))
	}
	next := int64(0)
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	out := make([]audit.Line, len(rows))
	for i, r := range rows {
		if out[i], err = r.line(); err != nil {
			return nil, 0, err
		}
	}
	return out, next, nil
}

// auditWhere is the condition of a query.
func auditWhere(q audit.Query) (where string, args []any) {
	where = "TRUE"
	narrow := func(condition string, arg any) {
		where += " AND " + condition
		args = append(args, arg)
	}
	if q.StaffID != "" {
		narrow("staff_id = ?", q.StaffID)
	}
	if q.Action != "" {
		narrow("action = ?", string(q.Action))
	}
	if !q.From.IsZero() {
		narrow("at >= ?", q.From)
	}
	if !q.Until.IsZero() {
		narrow("at < ?", q.Until)
	}
	return where, args
}

// Count implements audit.Reader.
func (a *Audit) Count(ctx context.Context, q audit.Query, most int) (n int, err error) {
	where, args := auditWhere(q)
	err = a.bun.NewRaw("SELECT count(*) FROM (SELECT FROM crm_audit WHERE "+where+" LIMIT ?) x", append(args, most)...).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count record: %w", translate(err))
	}
	return n, nil
}

type auditRow struct {
	ID                                                      int64
	At                                                      time.Time
	StaffID, StaffName, Action, Object, Detail, IP, Request string
}

func (r auditRow) line() (audit.Line, error) {
	out := audit.Line{ID: r.ID, Entry: audit.Entry{At: r.At.UTC(), StaffID: r.StaffID, StaffName: r.StaffName, Action: audit.Action(r.Action),
		Object: r.Object, IP: r.IP, Request: r.Request}}
	if r.Detail == "" {
		return out, nil
	}
	if err := json.Unmarshal([]byte(r.Detail), &out.Detail); err != nil {
		return out, fmt.Errorf("detail of entry %d: %w", r.ID, err)
	}
	return out, nil
}

// People implements audit.Reader. It goes from one person to the next in the index, however long
// the record is.
func (a *Audit) People(ctx context.Context, limit int) ([]audit.Person, error) {
	var out []audit.Person
	err := a.bun.NewRaw(`WITH RECURSIVE who AS (
			(SELECT staff_id, staff_name FROM crm_audit ORDER BY staff_id, id DESC LIMIT 1)
			UNION ALL
			SELECT n.* FROM who, LATERAL (SELECT a.staff_id, a.staff_name FROM crm_audit a WHERE a.staff_id > who.staff_id ORDER BY a.staff_id, a.id DESC LIMIT 1) n)
		SELECT staff_id AS id, staff_name AS name FROM who LIMIT ?`, limit).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("read who is in the record: %w", translate(err))
	}
	return out, nil
}
