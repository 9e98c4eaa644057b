package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// followupRow is a follow-up, or an earlier version of one.
type followupRow struct {
	ID, LearnerID                        int64
	OfferingID                           *int64
	Method, Content, Intent              string
	NextAt, DoneAt, EditedAt             bun.NullTime
	OwnerID, OwnerName, ByID, ByName     string
	At                                   time.Time
	Version                              int
	Nickname, RealName, HostID, Offering string
}

const (
	followupColumns = `f.id, f.learner_id, f.offering_id, f.method, f.content, f.intent, f.next_at, f.done_at, f.owner_id, f.owner_name,
	f.by_id, f.by_name, f.at, f.edited_at, f.version, l.nickname, l.real_name, coalesce(l.host_id, '') AS host_id, ` + offeringTitle
	offeringTitle = `coalesce(nullif(o.title, ''), '#' || o.host_id, '') AS offering`
	followupFrom  = ` FROM crm_followups f JOIN crm_learners l ON l.id = f.learner_id LEFT JOIN crm_offerings o ON o.id = f.offering_id`
)

func (r followupRow) entry() followup.Entry {
	e := followup.Entry{Learner: segment.PersonID(r.LearnerID), Method: followup.Method(r.Method), Content: r.Content, Intent: funnel.Level(r.Intent),
		NextAt: utc(r.NextAt), OwnerID: r.OwnerID, OwnerName: r.OwnerName}
	if r.OfferingID != nil {
		e.Offering = funnel.OfferingID(*r.OfferingID)
	}
	return e
}

func (r followupRow) followup() followup.Followup {
	name := segment.Person{RealName: r.RealName, Nickname: r.Nickname, HostID: h.LearnerID(r.HostID)}.Name()
	return followup.Followup{ID: followup.ID(r.ID), Entry: r.entry(), Name: name, Title: r.Offering, DoneAt: utc(r.DoneAt), ByID: r.ByID, ByName: r.ByName,
		At: r.At.UTC(), EditedAt: utc(r.EditedAt), Version: r.Version}
}

// followupPage makes a page of rows, of which one more was read to see whether there is a next.
func followupPage(rows []followupRow, limit int, key func(followupRow) time.Time) followup.Page {
	var p followup.Page
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		p.Next = encodeCursor(timeKey{key(last).UTC(), last.ID})
	}
	for _, r := range rows {
		p.Followups = append(p.Followups, r.followup())
	}
	return p
}

// timeKey is a place in a list ordered by a time and an id.
type timeKey struct {
	At time.Time `json:"t"`
	ID int64     `json:"i"`
}

// Find implements followup.Store.
func (s *Followups) Find(ctx context.Context, id followup.ID) (followup.Followup, error) {
	var r followupRow
	if err := s.bun.NewRaw("SELECT "+followupColumns+followupFrom+" WHERE f.id = ?", int64(id)).Scan(ctx, &r); err != nil {
		return followup.Followup{}, translate(err)
	}
	return r.followup(), nil
}

// Of implements followup.Store.
func (s *Followups) Of(ctx context.Context, learner segment.PersonID, after string, limit int) (followup.Page, error) {
	where, args := "f.learner_id = ?", []any{int64(learner)}
	if after != "" {
		var k timeKey
		if err := decodeCursor(after, &k); err != nil {
			return followup.Page{}, err
		}
		where, args = where+" AND (f.at, f.id) < (?, ?)", append(args, k.At, k.ID)
	}
	var rows []followupRow
	if err := s.bun.NewRaw("SELECT "+followupColumns+followupFrom+" WHERE "+where+" ORDER BY f.at DESC, f.id DESC LIMIT ?",
		append(args, limit+1)...).Scan(ctx, &rows); err != nil {
		return followup.Page{}, translate(err)
	}
	return followupPage(rows, limit, func(r followupRow) time.Time { return r.At }), nil
}

// Versions implements followup.Store.
func (s *Followups) Versions(ctx context.Context, id followup.ID) ([]followup.Version, error) {
	var rows []followupRow
	if err := s.bun.NewRaw(`SELECT e.version, e.offering_id, e.method, e.content, e.intent, e.next_at, e.owner_id, e.owner_name, e.by_id, e.by_name, e.at,
			f.learner_id, `+offeringTitle+`
		FROM crm_followup_edits e JOIN crm_followups f ON f.id = e.followup_id LEFT JOIN crm_offerings o ON o.id = e.offering_id
		WHERE e.followup_id = ? ORDER BY e.version DESC`, int64(id)).Scan(ctx, &rows); err != nil {
		return nil, translate(err)
	}
	out := make([]followup.Version, len(rows))
	for i, r := range rows {
		out[i] = followup.Version{Entry: r.entry(), Title: r.Offering, Version: r.Version, ByID: r.ByID, ByName: r.ByName, At: r.At.UTC()}
	}
	return out, nil
}

// openReminders is the condition of both indexes of reminders.
const openReminders = "f.done_at IS NULL AND f.next_at IS NOT NULL"

// remindersOf narrows reminders to an owner's; empty: everybody's.
func remindersOf(owner string) (string, []any) {
	if owner == "" {
		return openReminders, nil
	}
	return openReminders + " AND f.owner_id = ?", []any{owner}
}

// Due implements followup.Store.
func (s *Followups) Due(ctx context.Context, owner string, from, until time.Time, after string, limit int) (followup.Page, error) {
	where, args := remindersOf(owner)
	and := func(condition string, values ...any) { where, args = where+" AND "+condition, append(args, values...) }
	if !from.IsZero() {
		and("f.next_at >= ?", from)
	}
	if !until.IsZero() {
		and("f.next_at < ?", until)
	}
	if after != "" {
		var k timeKey
		if err := decodeCursor(after, &k); err != nil {
			return followup.Page{}, err
		}
		and("(f.next_at, f.id) > (?, ?)", k.At, k.ID)
	}
	var rows []followupRow
	if err := s.bun.NewRaw("SELECT "+followupColumns+followupFrom+" WHERE "+where+" ORDER BY f.next_at, f.id LIMIT ?",
		append(args, limit+1)...).Scan(ctx, &rows); err != nil {
		return followup.Page{}, translate(err)
	}
	return followupPage(rows, limit, func(r followupRow) time.Time { return r.NextAt.Time }), nil
}

// Tally implements followup.Store.
func (s *Followups) Tally(ctx context.Context, owner string, now, tomorrow time.Time) (followup.Tally, error) {
	where, args := remindersOf(owner)
	var t followup.Tally
	err := s.reading(ctx, func(tx bun.Tx) error {
		return tx.NewRaw(`SELECT count(*) FILTER (WHERE f.next_at < ?) AS overdue, count(*) FILTER (WHERE f.next_at >= ? AND f.next_at < ?) AS today,
			count(*) FILTER (WHERE f.next_at >= ?) AS upcoming FROM crm_followups f WHERE `+where,
			append([]any{now, now, tomorrow, tomorrow}, args...)...).Scan(ctx, &t.Overdue, &t.Today, &t.Upcoming)
	})
	return t, err
}

// Waiting implements followup.Store.
func (s *Followups) Waiting(ctx context.Context, owner string, until time.Time, most int) (int, error) {
	var n int
	err := s.bun.NewRaw("SELECT count(*) FROM (SELECT FROM crm_followups f WHERE "+openReminders+" AND f.owner_id = ? AND f.next_at < ? LIMIT ?) w",
		owner, until, most).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("reminders: %w", translate(err))
	}
	return n, nil
}
