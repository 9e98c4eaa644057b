package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// drawer holds tags, and which of them person 1 has.
type drawer struct {
	list    []label.Label
	batches []label.Batch
	given   []label.ID
	keys    []string
	used    bool // a query asks for every tag
	many    bool // every audience is too large
}

func newDrawer(now time.Time) drawer {
	d := drawer{given: []label.ID{1}}
	for i, name := range []string{"价格敏感", "可分期", "<b>VIP</b>"} {
		d.list = append(d.list, label.Label{ID: label.ID(i + 1), Name: name, People: int64(1204 * i), ByName: "<b>周敏</b>", CreatedAt: now.AddDate(0, 0, -i)})
	}
	d.list[0].ID, d.list[2].ID = 1, 12 // as the test of routes asks
	d.list[1].Trend = []segment.Point{{Day: now.AddDate(0, 0, -1), Count: 1100}, {Day: now, Count: 1204}}
	for i, a := range label.Actions() {
		b := label.Batch{ID: label.BatchID(i + 1), Label: 1, Name: "价格敏感", Action: a, People: 90, Asked: 100, ByName: "<b>周敏</b>", At: now}
		switch a {
		case label.Merge:
			b.Into = "可分期"
		case label.Undo:
			b.Undoes, b.Undone = 1, label.Add
		case label.Delete:
			b.UndoneAt, b.Asked = now, 90
		case label.Add, label.Remove:
		}
		d.batches = append(d.batches, b)
	}
	d.batches = append(d.batches, label.Batch{ID: 12, Label: 404, Name: "<b>gone</b>", Action: label.Remove, People: 1, Asked: 1, At: now})
	return d
}

func (w *world) newLabels() *label.Service {
	return label.NewService((*labelStore)(w), w.newSegments(), func() time.Time { return w.now })
}

type labelStore world

func (s *labelStore) List(context.Context, time.Time) (label.Listing, error) {
	out := label.Listing{Labels: s.labels.list, Batches: s.labels.batches, CountedAt: s.now.Add(-4 * time.Minute)}
	out.Interests = []label.Interest{{ID: 3, Name: "<b>考研数学</b>", People: 8211, Trend: []segment.Point{{Day: s.now, Count: 8211}}}}
	return out, s.fail
}

func (s *labelStore) All(context.Context) ([]label.Label, error) {
	return slices.Clone(s.labels.list), s.fail
}

func (s *labelStore) Find(_ context.Context, id label.ID) (label.Label, error) {
	for _, l := range s.labels.list {
		if l.ID == id {
			return l, s.fail
		}
	}
	return label.Label{}, cmp.Or(s.fail, fault.ErrNotFound)
}

func (s *labelStore) taken(name string) error {
	for _, l := range s.labels.list {
		if strings.EqualFold(l.Name, name) {
			return fault.Fields{"name": {Key: "problem.taken"}}
		}
	}
	return s.fail
}

func (s *labelStore) Create(_ context.Context, name string, d label.Deed) (label.ID, error) {
	if err := s.taken(name); err != nil {
		return 0, err
	}
	s.labels.list = append(s.labels.list, label.Label{ID: 77, Name: name, ByName: d.By.Name, CreatedAt: d.At})
	return 77, nil
}

func (s *labelStore) Rename(_ context.Context, _ label.ID, name string) error { return s.taken(name) }

func (s *labelStore) Keyed(context.Context, string) (label.Batch, error) {
	return label.Batch{}, fault.ErrNotFound
}

func (s *labelStore) Merge(_ context.Context, from, _ label.ID, d label.Deed) (label.Batch, error) {
	return s.end(from, label.Merge, d)
}

func (s *labelStore) Delete(_ context.Context, id label.ID, d label.Deed) (label.Batch, error) {
	return s.end(id, label.Delete, d)
}

func (s *labelStore) end(id label.ID, a label.Action, d label.Deed) (label.Batch, error) {
	if s.labels.used {
		return label.Batch{}, &segment.InUseError{Uses: []segment.Use{{Kind: "query", ID: 2}, {Kind: "query", ID: 3}, {Kind: "campaign", ID: 14, Name: "会员续费"}}}
	}
	s.labels.list = slices.DeleteFunc(s.labels.list, func(l label.Label) bool { return l.ID == id })
	return s.did(id, a, d)
}

func (s *labelStore) did(id label.ID, a label.Action, d label.Deed) (label.Batch, error) {
	s.labels.keys = append(s.labels.keys, string(a)+" "+d.Key)
	b := label.Batch{ID: 99, Label: id, Name: "x", Action: a, People: 40, Asked: 45, At: d.At}
	s.labels.batches = append(s.labels.batches, b)
	return b, s.fail
}

func (s *labelStore) Change(_ context.Context, id label.ID, a label.Action, who segment.Predicate, d label.Deed) (label.Batch, error) {
	s.counted = append(s.counted, who)
	if s.labels.many {
		return label.Batch{}, fault.Fields{"people": {Key: "problem.label_people", Args: []any{label.MaxPeople}}}
	}
	return s.did(id, a, d)
}

func (s *labelStore) Undo(_ context.Context, id label.BatchID, d label.Deed) (label.Batch, error) {
	return s.did(label.ID(id), label.Undo, d)
}

func (s *labelStore) Batch(_ context.Context, id label.BatchID) (label.Batch, error) {
	for _, b := range s.labels.batches {
		if b.ID == id {
			return b, s.fail
		}
	}
	return label.Batch{}, cmp.Or(s.fail, fault.ErrNotFound)
}

func (s *labelStore) ChangePerson(_ context.Context, id label.ID, a label.Action, _ segment.PersonID, _ label.Deed) (bool, error) {
	s.labels.given = slices.DeleteFunc(s.labels.given, func(o label.ID) bool { return o == id })
	if a == label.Add {
		s.labels.given = append(s.labels.given, id)
	}
	return true, s.fail
}

func (s *labelStore) OfPerson(ctx context.Context, _ segment.PersonID) (label.Tags, error) {
	out := label.Tags{Interests: []label.Word{{ID: 3, Name: "<b>考研数学</b>"}}}
	for _, id := range s.labels.given {
		l, err := s.Find(ctx, id)
		if err != nil {
			return out, err
		}
		out.Given = append(out.Given, label.Given{ID: id, Name: l.Name, ByName: "<b>周敏</b>", At: s.now})
	}
	return out, s.fail
}

// Events are of person 1 alone.
func (s *labelStore) Events(_ context.Context, who segment.PersonID) ([]funnel.Event, error) {
	if who != 1 {
		return nil, s.fail
	}
	var out []funnel.Event
	for i, k := range reasonKinds() {
		out = append(out, funnel.Event{Offering: 1, Title: "<b>高数</b>", Words: []funnel.Word{{ID: 3, Name: "<b>考研数学</b>"}}, Kind: k, At: s.now.AddDate(0, 0, -i), Weight: 2})
	}
	return out, s.fail
}

func (s *labelStore) CountedAt(context.Context) (time.Time, error)      { return s.now, s.fail }
func (s *labelStore) Count(context.Context, time.Time, time.Time) error { return s.fail }

func labelPrefixes(out map[string][]string) {
	undoable := []string{"add", "remove", "merge", "delete"}
	out["nav"] = append(out["nav"], "labels")
	out["label.did"], out["label.undid"] = undoable, undoable
	out["label.untouched"] = []string{"add", "remove", "merge", "undo"}
	out["label.reason"] = words(reasonKinds())
}
