package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// drawer is a school of three with tags.
type drawer struct {
	*school
	*label.Service
	t   *testing.T
	now time.Time
}

var minzhou = h.Staff{ID: "7", Name: "周敏"}

func newDrawer(t *testing.T) *drawer {
	t.Helper()
	s := newSchool(t, three())
	s.sync(t)
	d := &drawer{school: s, t: t, now: hosttest.SeedTime()}
	clock := func() time.Time { return d.now }
	d.Service = label.NewService(&Labels{DB: s.db}, segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, clock), clock)
	return d
}

func (d *drawer) create(name string) label.ID {
	d.t.Helper()
	id, err := d.Create(d.t.Context(), minzhou, name)
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

// people are the learners who have a tag, by their ids at the host.
func (d *drawer) people(id label.ID) string {
	d.t.Helper()
	var ids []string
	if err := d.db.bun.NewRaw("SELECT l.host_id FROM crm_label_people p JOIN crm_learners l ON l.id = p.learner_id WHERE p.label_id = ? ORDER BY 1", int64(id)).Scan(d.t.Context(), &ids); err != nil {
		d.t.Fatal(err)
	}
	if l, err := d.Find(d.t.Context(), id); err == nil && int(l.People) != len(ids) {
		d.t.Errorf("tag %d has %v, counted %d", id, ids, l.People)
	}
	return strings.Join(ids, " ")
}

func (d *drawer) who(host string) segment.PersonID {
	d.t.Helper()
	var id int64
	if err := d.db.bun.NewRaw("SELECT id FROM crm_learners WHERE host_id = ?", host).Scan(d.t.Context(), &id); err != nil {
		d.t.Fatal(err)
	}
	return segment.PersonID(id)
}

// rule selects people by their ids at the host.
func (d *drawer) rule(hosts ...string) segment.Rule {
	var ids []segment.PersonID
	for _, h := range hosts {
		ids = append(ids, d.who(h))
	}
	return segment.Group("all", segment.Condition("learner", segment.OpIn, ids, ""))
}

// must checks how many people something was about and how many it changed.
func (d *drawer) must(b label.Batch, err error, asked, people int64) label.Batch {
	d.t.Helper()
	if err != nil || b.Asked != asked || b.People != people {
		d.t.Fatalf("%s: %d of %d, want %d of %d: %v", b.Action, b.People, b.Asked, people, asked, err)
	}
	return b
}

func TestTagNames(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	id := d.create("  VIP 学员 ")
	for name, key := range map[string]string{"": "problem.missing", " \u200b": "problem.missing", "a\tb": "problem.control", "\xff": "problem.control",
		strings.Repeat("长", 21): "problem.long", "vip 学员": "problem.taken"} {
		_, err := d.Create(t.Context(), minzhou, name)
		var problems fault.Fields
		if !errors.As(err, &problems) || problems["name"].Key != key || errors.Is(err, fault.ErrConflict) != (key == "problem.taken") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := d.Rename(t.Context(), id, "vip 学员"); err != nil {
		t.Errorf("its own name in other letters: %v", err)
	}
	other := d.create(strings.Repeat("长", 20))
	var problems fault.Fields
	if err := d.Rename(t.Context(), other, "VIP 学员"); !errors.As(err, &problems) || !errors.Is(err, fault.ErrConflict) {
		t.Errorf("somebody else's name: %v", err)
	}
	if err := d.Rename(t.Context(), 999, "x"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("no such tag: %v", err)
	}
	if l, err := d.Named(t.Context(), " Vip 学员"); err != nil || l.ID != id || l.ByName != minzhou.Name {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestTagsAreNotTooMany(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	first := d.create("first")
	gone, err := d.Delete(t.Context(), minzhou, first, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.db.bun.ExecContext(t.Context(), `INSERT INTO crm_labels (name, by_id, by_name, created_at) SELECT 'tag ' || n, '', '', now() FROM generate_series(1, ?) n`, label.MaxLabels); err != nil {
		t.Fatal(err)
	}
	var problems fault.Fields
	if _, err := d.Create(t.Context(), minzhou, "more"); !errors.As(err, &problems) || problems["name"].Key != "problem.label_many" {
		t.Errorf("one too many: %v", err)
	}
	if _, err := d.Undo(t.Context(), minzhou, gone.ID); !errors.As(err, &problems) {
		t.Errorf("one too many came back: %v", err)
	}
}

func TestTagsOfAnAudience(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	id := d.create("a")
	b, err := d.Add(t.Context(), minzhou, id, d.rule("all", "other"), "k1")
	added := d.must(b, err, 2, 2)
	b, err = d.Add(t.Context(), minzhou, id, d.rule("none"), "k1") // the same form again
	if again := d.must(b, err, 2, 2); again.ID != added.ID || d.people(id) != "all other" {
		t.Errorf("acted twice: %+v, %s", again, d.people(id))
	}
	b, err = d.Add(t.Context(), minzhou, id, d.rule("other", "none"), "k2")
	more := d.must(b, err, 2, 1)
	if more.Untouched() != 1 || d.people(id) != "all none other" {
		t.Errorf("%+v, %s", more, d.people(id))
	}
	b, err = d.Remove(t.Context(), minzhou, id, d.rule("all", "none"), "k3")
	removed := d.must(b, err, 2, 2)
	b, err = d.Undo(t.Context(), minzhou, added.ID) // gave it to all and other; all was changed since
	d.must(b, err, 2, 1)
	if b.Undone != label.Add || b.Untouched() != 1 || d.people(id) != "" {
		t.Errorf("%+v, %s", b, d.people(id))
	}
	first := b.ID
	if b, err = d.Undo(t.Context(), minzhou, added.ID); err != nil || b.ID != first {
		t.Errorf("undone twice: %+v, %v", b, err)
	}
	if _, err := d.Undo(t.Context(), minzhou, first); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("undo of an undo: %v", err)
	}
	b, err = d.Undo(t.Context(), minzhou, removed.ID)
	d.must(b, err, 2, 2)
	b, err = d.Undo(t.Context(), minzhou, more.ID) // what was undone since counts as never done
	d.must(b, err, 1, 1)
	if d.people(id) != "all" {
		t.Errorf("left with %s", d.people(id))
	}
	list, err := d.List(t.Context())
	if err != nil || len(list.Batches) != 6 || list.Batches[5].UndoneAt.IsZero() || list.Batches[5].Undoable() || list.Batches[5].Name != "a" {
		t.Errorf("%+v, %v", list.Batches, err)
	}
}

func TestTagsEnd(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	a, b := d.create("a"), d.create("b")
	must := func(batch label.Batch, err error) label.Batch {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return batch
	}
	given := must(d.Add(t.Context(), minzhou, a, d.rule("all", "other"), ""))
	must(d.Add(t.Context(), minzhou, b, d.rule("other", "none"), ""))
	if _, err := d.Merge(t.Context(), minzhou, a, a, ""); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("merged with itself: %v", err)
	}
	merged := must(d.Merge(t.Context(), minzhou, a, b, "m"))
	if merged.Asked != 2 || merged.People != 1 || merged.Into != "b" || d.people(a) != "" || d.people(b) != "all none other" {
		t.Errorf("%+v: %s; %s", merged, d.people(a), d.people(b))
	}
	if again := must(d.Merge(t.Context(), minzhou, a, b, "m")); again.ID != merged.ID {
		t.Errorf("merged twice: %+v", again)
	}
	if _, err := d.Find(t.Context(), a); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("found after the merge: %v", err)
	}
	var problems fault.Fields
	if _, err := d.Undo(t.Context(), minzhou, given.ID); !errors.Is(err, fault.ErrConflict) || !errors.As(err, &problems) {
		t.Errorf("undone without its tag: %v", err)
	}
	other := d.create("A") // the name is free meanwhile
	if _, err := d.Undo(t.Context(), minzhou, merged.ID); !errors.Is(err, fault.ErrConflict) || !errors.As(err, &problems) || problems["name"].Key != "problem.taken" {
		t.Errorf("came back beside its namesake: %v", err)
	}
	deleted := must(d.Delete(t.Context(), minzhou, other, ""))
	if undone := must(d.Undo(t.Context(), minzhou, merged.ID)); undone.Asked != 2 || undone.People != 2 || d.people(a) != "all other" || d.people(b) != "none other" {
		t.Errorf("%+v: %s; %s", undone, d.people(a), d.people(b))
	}
	if _, err := d.Undo(t.Context(), minzhou, deleted.ID); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("the namesake came back: %v", err)
	}
	gone := must(d.Delete(t.Context(), minzhou, b, ""))
	if gone.People != 2 || d.people(b) != "" {
		t.Errorf("%+v: %s", gone, d.people(b))
	}
	if back := must(d.Undo(t.Context(), minzhou, gone.ID)); back.People != 2 || d.people(b) != "none other" {
		t.Errorf("%+v: %s", back, d.people(b))
	}
}

// TestTagsInUseStay: without a tag that a rule leaves out, the rule would mean everybody.
func TestTagsInUseStay(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	a, b := d.create("a"), d.create("b")
	rule := fmt.Sprintf(`{"all":[{"field":"status","op":"in","value":["active"]},{"none":[{"field":"label","op":"any_of","value":[%d]}]}]}`, a)
	if _, err := d.db.bun.ExecContext(t.Context(), `INSERT INTO crm_queries (name, rule, owner_id, owner_name, shared, pinned, position, updated_at)
		VALUES ('q', ?::jsonb, 'bob', '', false, false, 99, now())`, rule); err != nil {
		t.Fatal(err)
	}
	var used *segment.InUseError
	if _, err := d.Delete(t.Context(), minzhou, a, ""); !errors.As(err, &used) || !errors.Is(err, fault.ErrConflict) || len(used.Uses) != 1 || used.Uses[0].Kind != "query" {
		t.Errorf("deleted in use: %v", err)
	}
	if _, err := d.Merge(t.Context(), minzhou, a, b, ""); !errors.As(err, &used) {
		t.Errorf("merged in use: %v", err)
	}
	if _, err := d.Merge(t.Context(), minzhou, b, a, ""); err != nil {
		t.Errorf("merged into one in use: %v", err)
	}
}
