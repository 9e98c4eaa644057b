package shortlink

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// drawer is a FreeStore in memory.
type drawer struct {
	links    []FreeLink
	forms    map[string]LinkID
	followed map[LinkID]bool
	before   func() // does something right before a link is changed
}

func (d *drawer) named(l FreeLink) bool {
	return slices.ContainsFunc(d.links, func(o FreeLink) bool { return o.ID != l.ID && o.Slug != "" && o.Slug == l.Slug })
}

func (d *drawer) InsertFree(_ context.Context, form string, l FreeLink) (FreeLink, bool, error) {
	if id, ok := d.forms[form]; ok {
		return d.links[id-1], false, nil
	}
	if d.named(l) {
		return FreeLink{}, false, fault.ErrConflict
	}
	l.ID = LinkID(len(d.links) + 1)
	l.First = Number(l.ID * 10)
	d.links, d.forms[form] = append(d.links, l), l.ID
	return l, true, nil
}

func (d *drawer) UpdateFree(_ context.Context, l FreeLink, now time.Time) (FreeLink, error) {
	if d.before != nil {
		d.before()
	}
	was := d.links[l.ID-1]
	switch {
	case !was.UpdatedAt.Equal(l.UpdatedAt):
		return FreeLink{}, ErrChanged
	case d.followed[l.ID] && was.Slug != "" && was.Slug != l.Slug:
		return FreeLink{}, ErrNamed
	case d.named(l):
		return FreeLink{}, fault.ErrConflict
	}
	l.UpdatedAt = now
	d.links[l.ID-1] = l
	return l, nil
}

func (d *drawer) ArchiveFree(_ context.Context, id LinkID, archived bool, _ time.Time) error {
	d.links[id-1].Archived = archived
	return nil
}

func (d *drawer) FindFree(_ context.Context, id LinkID) (FreeLink, bool, error) {
	if id < 1 || int(id) > len(d.links) {
		return FreeLink{}, false, fault.ErrNotFound
	}
	return d.links[id-1], d.followed[id], nil
}

func (d *drawer) ListFree(context.Context, FreeView, time.Time, string, int) ([]FreeLink, string, error) {
	return slices.Clone(d.links), "next", nil
}

type plainCodes struct{}

func (plainCodes) Encode(_ context.Context, key int, n Number) (string, error) {
	return fmt.Sprintf("%d-%d", key, n), nil
}

var (
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	maker = hostadapter.Staff{ID: "7", Name: "周敏"}
)

func newDrawer(domains ...string) (*Free, *drawer, *time.Time) {
	d, now := &drawer{forms: map[string]LinkID{}, followed: map[LinkID]bool{}}, noon
	return NewFree(d, plainCodes{}, domains, func() time.Time { return now }), d, &now
}

func poster() FreeForm {
	return FreeForm{Title: "开放日海报", Target: "https://learn.example/open-day", Slug: "open-day", UTM: UTM{Source: "poster"}, Expires: noon.Add(time.Hour)}
}

// wrong writes down what an error says about fields.
func wrong(err error) string {
	var problems fault.Fields
	if err != nil && !errors.As(err, &problems) {
		return err.Error()
	}
	out := make([]string, 0, len(problems))
	for _, field := range slices.Sorted(maps.Keys(problems)) {
		out = append(out, fmt.Sprint(field, " ", problems[field].Key, problems[field].Args))
	}
	return strings.Join(out, ", ")
}

func TestOneFormMakesOneLink(t *testing.T) {
	t.Parallel()
	f, d, _ := newDrawer()
	first, err := f.Create(t.Context(), "K", poster(), maker)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.Create(t.Context(), "K", poster(), maker); err != nil || again.ID != first.ID || again.Code != first.Code || len(d.links) != 1 {
		t.Errorf("sent twice: %+v, %v", again, err)
	}
	other := poster()
	other.Title, other.Slug = "另一张", ""
	if _, err := f.Create(t.Context(), "K", other, maker); wrong(err) != "key problem.form_used[]" {
		t.Errorf("sent again with something else: %v", err)
	}
	if _, err := f.Create(t.Context(), "L", poster(), maker); wrong(err) != "slug problem.slug_taken[]" {
		t.Errorf("the same name: %v", err)
	}
	for _, key := range []string{"", strings.Repeat("K", 65)} {
		if _, err := f.Create(t.Context(), key, other, maker); wrong(err) != "key problem.missing[]" {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

func TestFreeLinksChange(t *testing.T) {
	t.Parallel()
	f, d, now := newDrawer("learn.example")
	l, err := f.Create(t.Context(), "K", poster(), maker)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Create(t.Context(), "L", FreeForm{Title: "b", Target: "https://learn.example", Slug: "taken-name"}, maker); err != nil {
		t.Fatal(err)
	}
	change := func(edit func(*FreeForm)) (FreeLink, string) {
		t.Helper()
		was, _, err := f.Find(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		in := was.Form()
		edit(&in)
		out, err := f.Update(t.Context(), l.ID, was.UpdatedAt, in)
		return out, wrong(err)
	}
	*now = noon.Add(time.Minute)
	got, bad := change(func(f *FreeForm) { f.Target, f.Slug = "https://learn.example/2", "Other-name" })
	if bad != "" || got.Target != "https://learn.example/2" || got.Slug != "other-name" || got.ByName != "周敏" || got.Code != l.Code || !got.CreatedAt.Equal(noon) || !got.UpdatedAt.Equal(*now) {
		t.Errorf("changed: %+v, %s", got, bad)
	}
	for want, edit := range map[string]func(*FreeForm){
		"slug problem.slug_taken[]":            func(f *FreeForm) { f.Slug = "taken-name" },
		"target problem.domain[learn.example]": func(f *FreeForm) { f.Target = "https://evil.example" },
		"expires problem.past[]":               func(f *FreeForm) { f.Expires = noon },
		"title problem.missing[]":              func(f *FreeForm) { f.Title = "" },
		"slug problem.slug[3 40 8]":            func(f *FreeForm) { f.Slug = "x" },
		"utm.term problem.long[100]":           func(f *FreeForm) { f.UTM.Term = strings.Repeat("a", 101) },
	} {
		if _, bad := change(edit); bad != want {
			t.Errorf("%s, want %s", bad, want)
		}
	}

	// What has expired may keep its time while something else changes, and may get a new one.
	*now = noon.Add(2 * time.Hour)
	if got, bad := change(func(f *FreeForm) { f.Title = "新标题" }); bad != "" || got.State(*now) != FreeOver {
		t.Errorf("an expired link: %s, %s", got.State(*now), bad)
	}
	*now = noon.Add(3 * time.Hour)
	if got, bad := change(func(f *FreeForm) { f.Expires = now.Add(time.Second) }); bad != "" || got.State(*now) != FreeCurrent {
		t.Errorf("given more time: %s, %s", got.State(*now), bad)
	}
	*now = noon.Add(4 * time.Hour)

	// Whoever followed a name may have it printed.
	d.followed[l.ID] = true
	if _, bad := change(func(f *FreeForm) { f.Slug = "third-name" }); bad != "slug problem.slug_used[]" {
		t.Errorf("another name for a link in use: %s", bad)
	}
	if _, bad := change(func(f *FreeForm) { f.Slug = "" }); bad != "slug problem.slug_used[]" {
		t.Errorf("no name for a link in use: %s", bad)
	}
	if got, bad := change(func(f *FreeForm) { f.Target = "https://learn.example/3" }); bad != "" || got.Slug != "other-name" {
		t.Errorf("another target for a link in use: %+v, %s", got, bad)
	}
	if _, err := f.Update(t.Context(), 99, noon, poster()); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestTwoChangeOneLink(t *testing.T) {
	t.Parallel()
	f, d, now := newDrawer()
	l, err := f.Create(t.Context(), "K", poster(), maker)
	if err != nil {
		t.Fatal(err)
	}
	*now = noon.Add(time.Minute)
	mine := l.Form()
	mine.Title = "我的"
	d.before = func() { d.links[0].Title, d.links[0].UpdatedAt = "别人的", noon.Add(time.Second) }
	if _, err := f.Update(t.Context(), l.ID, l.UpdatedAt, mine); !errors.Is(err, ErrChanged) || d.links[0].Title != "别人的" {
		t.Errorf("over somebody else's change: %v", err)
	}
	d.before = nil
	if _, err := f.Update(t.Context(), l.ID, noon.Add(time.Second), mine); err != nil || d.links[0].Title != "我的" {
		t.Errorf("on top of it: %v", err)
	}
	if _, err := f.Update(t.Context(), l.ID, noon.Add(time.Second), mine); err != nil {
		t.Errorf("sent twice: %v", err)
	}
}

func TestFreeLinksAreArchived(t *testing.T) {
	t.Parallel()
	f, _, _ := newDrawer()
	l, err := f.Create(t.Context(), "K", poster(), maker)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		move func(context.Context, LinkID) error
		want FreeState
	}{{f.Archive, FreeArchived}, {f.Archive, FreeArchived}, {f.Restore, FreeCurrent}, {f.Restore, FreeCurrent}} {
		if err := c.move(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
		if l, _, err := f.Find(t.Context(), l.ID); err != nil || l.State(noon) != c.want {
			t.Errorf("%s, %v; want %s", l.State(noon), err, c.want)
		}
	}
	list, next, err := f.List(t.Context(), FreeView{}, "", 10)
	if err != nil || next != "next" || len(list) != 1 || list[0].Code != l.Code {
		t.Errorf("listed %+v, %q, %v", list, next, err)
	}
}

// TestUTMLeavesTheRestAlone: an address is for its site to read, however odd it looks to us.
func TestUTMLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	m := UTM{Source: "a b&c=d#e", Term: "x"}
	const added = "utm_source=a+b%26c%3Dd%23e&utm_term=x"
	for target, want := range map[string]string{
		"https://learn.example":                      "https://learn.example?" + added,
		"https://learn.example/?":                    "https://learn.example/?" + added,
		"https://learn.example/?b=2&a=1;c&%zz&b=%E5": "https://learn.example/?b=2&a=1;c&%zz&b=%E5&" + added,
		"https://learn.example/?utm_medium=m&utm_term=old&utm%5Fsource=old&UTM_SOURCE=o#/p?utm_term=z": "https://learn.example/?utm_medium=m&UTM_SOURCE=o&" + added + "#/p?utm_term=z",
		"https://learn.example/a%2Fb/%E8%AF%BE?x":                                                      "https://learn.example/a%2Fb/%E8%AF%BE?x&" + added,
	} {
		if got := m.Add(target); got != want {
			t.Errorf("%s\n got %s\nwant %s", target, got, want)
		}
	}
}
