package web

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// folder is what staff did and mean to do.
type folder struct {
	notes    []followup.Followup // by id, from 1
	versions map[followup.ID][]followup.Version
	plans    map[string]followup.Entry // by the key of their form
	levels   []funnel.Opinion
}

func newFolder(now time.Time) folder {
	note := func(id followup.ID, who segment.PersonID, m followup.Method, text, owner, by string, next time.Time) followup.Followup {
		return followup.Followup{ID: id, Name: "许知夏", At: now.Add(-48 * time.Hour), Version: 1, ByID: by, ByName: "同事 " + by,
			Entry: followup.Entry{Learner: who, Method: m, Content: text, OwnerID: owner, OwnerName: "同事 " + owner, NextAt: next}}
	}
	f := folder{versions: map[followup.ID][]followup.Version{}, plans: map[string]followup.Entry{}, notes: []followup.Followup{
		note(1, 1, followup.Phone, "问能不能分期", "7", "7", now.Add(-72*time.Hour)),
		note(2, 9, followup.Plan, "<script>alert(1)</script>", "8", "9", now.Add(time.Hour)), // somebody else's
		note(3, 3, followup.Plan, "", "7", "8", now.Add(48*time.Hour)),
		note(4, 4, followup.WeChat, "已解决", "9", "9", time.Time{}),
	}}
	f.notes[0].Offering, f.notes[0].Title, f.notes[0].Intent, f.notes[0].Version = 9, "高等数学公开课", funnel.High, 2
	f.notes[2].Content = string(slices.Repeat([]rune("长"), 130))
	f.versions[1] = []followup.Version{{Version: 1, Entry: followup.Entry{Method: followup.Phone, Content: "没接通", OwnerID: "7", OwnerName: "周敏", NextAt: now.Add(-80 * time.Hour)}, ByID: "7", ByName: "周敏", At: now.Add(-time.Hour)}}
	return f
}

func (w *world) newFollowups() *followup.Service {
	return followup.NewService((*followupStore)(w), w.newSegments(), (*leveler)(w), func() time.Time { return w.now })
}

type leveler world

// SetLevel implements followup.Leveler.
func (l *leveler) SetLevel(_ context.Context, _ h.Staff, o funnel.Opinion) (funnel.Opined, error) {
	l.followups.levels = append(l.followups.levels, o)
	return funnel.Opined{}, l.fail
}

type followupStore world

func (s *followupStore) Add(_ context.Context, by h.Staff, e followup.Entry, now time.Time) (followup.ID, bool, error) {
	if s.fail != nil {
		return 0, false, s.fail
	}
	id := followup.ID(len(s.followups.notes) + 1)
	s.followups.notes = append(s.followups.notes, followup.Followup{ID: id, Entry: e, Name: "许知夏", ByID: by.ID, ByName: by.Name, At: now, Version: 1})
	return id, false, nil
}

func (s *followupStore) Find(_ context.Context, id followup.ID) (followup.Followup, error) {
	if id < 1 || int(id) > len(s.followups.notes) {
		return followup.Followup{}, fault.ErrNotFound
	}
	return s.followups.notes[id-1], s.fail
}

func (s *followupStore) Edit(_ context.Context, _ h.Staff, id followup.ID, version int, e followup.Entry, now time.Time) error {
	f := &s.followups.notes[id-1]
	if f.Version != version {
		return fault.ErrConflict
	}
	f.Entry, f.EditedAt, f.Version = e, now, version+1
	return s.fail
}

func (s *followupStore) Done(_ context.Context, id followup.ID, now time.Time) error {
	s.followups.notes[id-1].DoneAt = now
	return s.fail
}

func (s *followupStore) Of(_ context.Context, who segment.PersonID, _ string, _ int) (followup.Page, error) {
	var p followup.Page
	for _, f := range s.followups.notes {
		if f.Learner == who {
			p.Followups = append(p.Followups, f)
		}
	}
	return p, s.fail
}

func (s *followupStore) Versions(_ context.Context, id followup.ID) ([]followup.Version, error) {
	return s.followups.versions[id], s.fail
}

// Due gives two to a page.
func (s *followupStore) Due(_ context.Context, owner string, from, until time.Time, after string, _ int) (followup.Page, error) {
	var p followup.Page
	passed, _ := strconv.Atoi(after)
	for _, f := range s.followups.notes {
		switch {
		case !f.Open() || owner != "" && f.OwnerID != owner || int(f.ID) <= passed || f.NextAt.Before(from) || !until.IsZero() && !f.NextAt.Before(until):
		case len(p.Followups) == 2:
			p.Next = strconv.Itoa(int(p.Followups[1].ID))
			return p, s.fail
		default:
			p.Followups = append(p.Followups, f)
		}
	}
	return p, s.fail
}

func (s *followupStore) Tally(context.Context, string, time.Time, time.Time) (followup.Tally, error) {
	return followup.Tally{Overdue: 1204, Today: 1, Upcoming: 3}, s.fail
}

func (s *followupStore) Waiting(_ context.Context, owner string, until time.Time, most int) (int, error) {
	n := 0
	for _, f := range s.followups.notes {
		if f.Open() && f.OwnerID == owner && f.NextAt.Before(until) {
			n++
		}
	}
	return min(n, most), s.fail
}

func (s *followupStore) BulkAdd(_ context.Context, _ h.Staff, _ segment.Predicate, key string, e followup.Entry, most int, _ time.Time) (followup.Batch, error) {
	if s.counts.Matched > int64(most) {
		return followup.Batch{}, fault.Fields{"people": {Key: "problem.people_many", Args: []any{most}}}
	}
	_, before := s.followups.plans[key]
	s.followups.plans[key] = e
	return followup.Batch{People: s.counts.Matched, Before: before}, s.fail
}

func (s *followupStore) Planned(_ context.Context, _ h.Staff, key string) (followup.Batch, error) {
	if _, before := s.followups.plans[key]; !before {
		return followup.Batch{}, fault.ErrNotFound
	}
	return followup.Batch{People: s.counts.Matched, Before: true}, s.fail
}

func (s *followupStore) Subjects(_ context.Context, who segment.PersonID, _ int) ([]followup.Subject, error) {
	if who == 8 {
		return nil, s.fail
	}
	return []followup.Subject{{ID: 3, Title: "Python 数据分析实战班"}, {ID: 4, Title: "<b>产品经理入门</b>"}}, s.fail
}

// followupPrefixes adds the words of the pages about follow-ups.
func followupPrefixes(out map[string][]string) {
	out["nav"] = append(out["nav"], "followups")
	out["followup.method"] = words(followup.Methods())
	out["followup.level"] = words(funnel.Levels())
	out["followup.field"] = followupFields()
	out["followups.state"] = words(followup.States())
}
