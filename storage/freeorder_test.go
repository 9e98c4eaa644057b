package storage

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	slices.SortFunc(errs, func(a, b error) int {
		switch {
		case a == nil && b != nil:
			return -1
		case a != nil && b == nil:
			return 1
		}
		return 0
	})
	return errs
}

func TestNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	p := newPosters(t)
	in := shortlink.FreeForm{Title: "a", Target: "https://learn.example", Slug: "open-day"}
	errs := atOnce(8, func(i int) error {
		_, err := p.Create(t.Context(), fmt.Sprint("form", i), in, marketer)
		return err
	})
	var problems fault.Fields
	if errs[0] != nil || slices.ContainsFunc(errs[1:], func(err error) bool {
		return !errors.As(err, &problems) || problems["slug"].Key != "problem.slug_taken"
	}) {
		t.Errorf("eight want one name: %v", errs)
	}
	list, _, err := p.List(t.Context(), shortlink.FreeView{}, "", 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d links, %v", len(list), err)
	}

	// The name of an archived link stays its own.
	if err := p.Archive(t.Context(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Create(t.Context(), "again", in, marketer); !errors.As(err, &problems) || problems["slug"].Key != "problem.slug_taken" {
		t.Errorf("an archived link's name: %v", err)
	}
	in.Slug = ""
	other := p.make(t, "other", in)
	in.Slug = "open-day"
	if _, err := p.Update(t.Context(), other.ID, other.UpdatedAt, in); !errors.As(err, &problems) || problems["slug"].Key != "problem.slug_taken" {
		t.Errorf("changed to a name that is taken: %v", err)
	}
}

func TestOneFormMakesOneFreeLink(t *testing.T) {
	t.Parallel()
	p := newPosters(t)
	for _, slug := range []string{"", "open-day"} {
		in := shortlink.FreeForm{Title: "a", Target: "https://learn.example", Slug: slug, Expires: p.now.Add(time.Hour)}
		ids := make([]shortlink.LinkID, 8)
		errs := atOnce(len(ids), func(i int) error {
			l, err := p.Create(t.Context(), "form "+slug, in, marketer)
			ids[i] = l.ID
			return err
		})
		if err := errors.Join(errs...); err != nil || len(slices.Compact(ids)) != 1 || ids[0] == 0 {
			t.Errorf("name %q: links %v, %v", slug, ids, err)
		}
	}
}

func TestFreeLinksAreChangedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	p := newPosters(t)
	l := p.make(t, "K", shortlink.FreeForm{Title: "a", Target: "https://learn.example", Slug: "open-day"})
	errs := atOnce(6, func(i int) error {
		in := l.Form()
		in.Title = fmt.Sprint(i)
		_, err := p.Update(t.Context(), l.ID, l.UpdatedAt, in)
		return err
	})
	if errs[0] != nil || slices.ContainsFunc(errs[1:], func(err error) bool { return !errors.Is(err, shortlink.ErrChanged) }) {
		t.Errorf("six at once, on a clock that stands: %v", errs)
	}
	rename := func(slug string) error {
		l, _, err := p.Find(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		in := l.Form()
		in.Slug = slug
		_, err = p.Update(t.Context(), l.ID, l.UpdatedAt, in)
		return err
	}
	if err := rename("open-house"); err != nil {
		t.Errorf("renamed before anybody came: %v", err)
	}
	if got := p.leads(t, "open-house"); got != "https://learn.example" {
		t.Fatalf("leads to %s", got)
	}
	p.admit(t)
	var problems fault.Fields
	for _, slug := range []string{"third-name", ""} {
		if err := rename(slug); !errors.As(err, &problems) || problems["slug"].Key != "problem.slug_used" {
			t.Errorf("renamed to %q after somebody came: %v", slug, err)
		}
	}
	bare := p.make(t, "L", shortlink.FreeForm{Title: "b", Target: "https://learn.example/b"})
	p.leads(t, bare.Code)
	in := bare.Form()
	in.Slug = "late-name"
	if _, err := p.Update(t.Context(), bare.ID, bare.UpdatedAt, in); err != nil {
		t.Errorf("a first name after somebody came: %v", err)
	}
}
