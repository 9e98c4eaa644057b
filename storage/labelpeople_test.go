package storage

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func TestTagsOfAPerson(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	id, who := d.create("a"), d.who("all")
	change := func(do func(context.Context, h.Staff, label.ID, segment.PersonID) (bool, error), want bool) {
		t.Helper()
		if done, err := do(t.Context(), minzhou, id, who); err != nil || done != want {
			t.Errorf("done %v, want %v: %v", done, want, err)
		}
	}
	change(d.AddPerson, true)
	change(d.AddPerson, false)
	tags, err := d.OfPerson(t.Context(), who)
	if err != nil || len(tags.Given) != 1 || tags.Given[0].Name != "a" || tags.Given[0].ByName != minzhou.Name || len(tags.Interests) != 1 || tags.Interests[0].Name != "数学" {
		t.Errorf("%+v, %v", tags, err)
	}
	if d.people(id) != "all" {
		t.Error(d.people(id))
	}
	change(d.RemovePerson, true)
	change(d.RemovePerson, false)
	if d.people(id) != "" {
		t.Error(d.people(id))
	}
	for _, err := range []error{second(d.AddPerson(t.Context(), minzhou, 999, who)), second(d.AddPerson(t.Context(), minzhou, id, 999)), second(d.OfPerson(t.Context(), 999))} {
		if !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
	}
	if list, err := d.List(t.Context()); err != nil || len(list.Batches) != 0 {
		t.Errorf("what was done to one person is listed: %+v, %v", list.Batches, err)
	}
	if n := d.text(t, "SELECT string_agg(added::text, ' ' ORDER BY id) FROM crm_label_changes WHERE learner_id = ?", int64(who)); n != "true false" {
		t.Errorf("changes: %s", n)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTagsHaveAPointADay(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	id := d.create("a")
	if _, err := d.Add(t.Context(), minzhou, id, d.rule("all", "none"), ""); err != nil {
		t.Fatal(err)
	}
	keeper := func(owner string) *label.Keeper {
		return &label.Keeper{Service: d.Service, Leases: d.db, Owner: owner, Log: slog.New(slog.DiscardHandler)}
	}
	var group sync.WaitGroup
	for _, owner := range []string{"me", "you"} {
		group.Go(func() {
			if err := keeper(owner).Tick(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := errors.Join(d.db.Release(t.Context(), "tags", "me"), d.db.Release(t.Context(), "tags", "you")); err != nil {
		t.Fatal(err)
	}
	first, err := d.List(t.Context())
	if err != nil || !first.CountedAt.Equal(d.now) || len(first.Interests) == 0 || first.Labels[0].People != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	d.now = d.now.Add(9 * time.Minute)
	tick := func() label.Listing {
		t.Helper()
		list, err := label.Listing{}, keeper("me").Tick(t.Context())
		if err == nil {
			list, err = d.List(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := tick(); !list.CountedAt.Equal(first.CountedAt) {
		t.Error("counted again after nine minutes")
	}
	if _, err := d.db.bun.ExecContext(t.Context(), "UPDATE crm_learners SET tag_ids = '{}'; UPDATE crm_learners SET status = 'deleted' WHERE host_id = 'none'"); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.AddDate(0, 0, 1)
	list := tick()
	if len(list.Interests) != 0 || list.Labels[0].People != 1 {
		t.Errorf("%+v", list)
	}
	var counts []int64
	for _, p := range list.Labels[0].Trend {
		counts = append(counts, p.Count)
	}
	if !slices.Equal(counts, []int64{2, 1}) {
		t.Errorf("trend %v", counts)
	}
}
