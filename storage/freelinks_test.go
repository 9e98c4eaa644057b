package storage

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// posters is a school's drawer of links made by staff, and who follows them.
type posters struct {
	*shortlink.Free
	store   *Links
	service *shortlink.Service
	mu      sync.Mutex
	now     time.Time
}

func newPosters(t *testing.T) *posters {
	t.Helper()
	p := &posters{now: hosttest.SeedTime()}
	f := newFollowing(t, open(t), p.clock)
	p.store, p.service, p.Free = f.stores, f.links, f.free
	return p
}

// admit takes in what was followed so far.
func (p *posters) admit(t *testing.T) {
	t.Helper()
	if _, _, err := p.store.Admit(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
}

func (p *posters) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *posters) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *posters) make(t *testing.T, form string, in shortlink.FreeForm) shortlink.FreeLink {
	t.Helper()
	l, err := p.Create(t.Context(), form, in, marketer)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// leads tells where a code or a name leads, with a query of the visitor's own.
func (p *posters) leads(t *testing.T, code string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/go/"+code+"?utm_source=visitor&url=https://evil.example&target=//evil.example", nil)
	r.Header.Set("User-Agent", person)
	target, err := p.service.Follow(t.Context(), code, r)
	switch {
	case errors.Is(err, shortlink.ErrOver):
		return "over"
	case errors.Is(err, fault.ErrNotFound):
		return "nowhere"
	case err != nil:
		t.Fatal(err)
	}
	return target
}

func TestFreeLinksLead(t *testing.T) {
	t.Parallel()
	p := newPosters(t)
	in := shortlink.FreeForm{Title: "开放日", Target: "https://learn.example/open?room=1", Slug: "open-day", UTM: shortlink.UTM{Source: "poster", Campaign: "春招"}, Expires: p.now.Add(time.Hour)}
	l := p.make(t, "K", in)
	const first = "https://learn.example/open?room=1&utm_source=poster&utm_campaign=%E6%98%A5%E6%8B%9B"
	for _, code := range []string{"open-day", "OPEN-DAY", "Open-Day", l.Code, strings.ToUpper(l.Code)} {
		if got := p.leads(t, code); got != first {
			t.Errorf("%s leads to %s", code, got)
		}
	}
	if got := p.leads(t, "closed-day"); got != "nowhere" {
		t.Errorf("a name that nobody has leads to %s", got)
	}
	p.admit(t)
	if _, followed, err := p.Find(t.Context(), l.ID); err != nil || !followed {
		t.Errorf("not known to be followed, %v", err)
	}

	// A new target is followed after some seconds, by each name.
	in.Target, in.UTM = "https://learn.example/moved", shortlink.UTM{}
	p.pass(time.Minute)
	l, err := p.Update(t.Context(), l.ID, l.UpdatedAt, in)
	if err != nil {
		t.Fatal(err)
	}
	p.pass(11 * time.Second)
	for _, code := range []string{l.Code, "open-day"} {
		if got := p.leads(t, code); got != "https://learn.example/moved" {
			t.Errorf("moved: %s leads to %s", code, got)
		}
	}

	if err := p.Archive(t.Context(), l.ID); err != nil {
		t.Fatal(err)
	}
	p.pass(11 * time.Second)
	if a, b := p.leads(t, l.Code), p.leads(t, "open-day"); a != "over" || b != "over" {
		t.Errorf("archived: %s, %s", a, b)
	}
	if err := p.Restore(t.Context(), l.ID); err != nil {
		t.Fatal(err)
	}
	p.pass(11 * time.Second)
	if got := p.leads(t, l.Code); got != "https://learn.example/moved" {
		t.Errorf("restored: %s", got)
	}
	p.pass(time.Hour)
	if got := p.leads(t, "open-day"); got != "over" {
		t.Errorf("expired: %s", got)
	}
}

// TestFreeLinkKeepsWhatItWasTold: nothing is lost on the way through the database.
func TestFreeLinkKeepsWhatItWasTold(t *testing.T) {
	t.Parallel()
	p := newPosters(t)
	in := shortlink.FreeForm{Title: `'; DROP TABLE crm_links; -- <b>🎉`, Target: "https://learn.example/%E8%AF%BE?a=%27", Slug: "a-b",
		UTM: shortlink.UTM{Source: "s", Medium: `"m"`, Campaign: "春", Content: "{}", Term: "t"}, Expires: p.now.Add(time.Hour + time.Microsecond)}
	made := p.make(t, "K", in)
	found, followed, err := p.Find(t.Context(), made.ID)
	if err != nil || followed || found != made || found.Form() != in || found.ByID != marketer.ID || found.ByName != marketer.Name || found.Kind != shortlink.LinkFree || found.Count != 1 {
		t.Errorf("%+v\nwas made as %+v, %v", found, made, err)
	}
	p.pass(time.Minute)
	in = shortlink.FreeForm{Title: "a", Target: "https://learn.example"}
	changed, err := p.Update(t.Context(), made.ID, made.UpdatedAt, in)
	if err != nil || changed.Form() != in || changed.Code != made.Code || !changed.CreatedAt.Equal(made.CreatedAt) || !changed.UpdatedAt.After(made.UpdatedAt) {
		t.Errorf("%+v, %v", changed, err)
	}
	if _, _, err := p.Find(t.Context(), 4711); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := p.Archive(t.Context(), 4711); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("archived one that is not there: %v", err)
	}
	loose, err := p.store.Loose(t.Context(), "https://learn.example/test", p.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Find(t.Context(), loose.ID); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("a link of another kind: %v", err)
	}
	if err := p.Archive(t.Context(), loose.ID); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("archived a link of another kind: %v", err)
	}
}

// atOnce does something n times at once and gives the errors, those that did it first.
func TestListingFreeLinks(t *testing.T) {
	t.Parallel()
	p := newPosters(t)
	for i := range 7 {
		in := shortlink.FreeForm{Title: fmt.Sprint("海报 ", i), Target: fmt.Sprint("https://learn.example/c/", i)}
		switch i {
		case 2:
			in.Expires = p.now.Add(time.Minute)
		case 3:
			in.Title, in.Slug = "100% 优惠_券", "Half-Price"
		case 4:
			in.Expires = p.now.Add(time.Hour)
		}
		if l := p.make(t, fmt.Sprint(i), in); i == 5 {
			if err := p.Archive(t.Context(), l.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := p.store.Loose(t.Context(), "https://learn.example/c/test", p.now); err != nil {
		t.Fatal(err)
	}
	p.pass(time.Minute) // and the third is over
	for _, c := range []struct {
		view shortlink.FreeView
		want string
	}{
		{shortlink.FreeView{}, "6 5 4 3 2 1 0"},
		{shortlink.FreeView{State: shortlink.FreeCurrent}, "6 4 3 1 0"},
		{shortlink.FreeView{State: shortlink.FreeOver}, "2"},
		{shortlink.FreeView{State: shortlink.FreeArchived}, "5"},
		{shortlink.FreeView{Search: "海报"}, "6 5 4 2 1 0"},
		{shortlink.FreeView{Search: "LEARN.example/C/4"}, "4"},
		{shortlink.FreeView{Search: "half-PRICE"}, "3"},
		{shortlink.FreeView{Search: "0%"}, "3"},
		{shortlink.FreeView{Search: "惠_"}, "3"},
		{shortlink.FreeView{Search: "_"}, "3"},
		{shortlink.FreeView{Search: `\`}, ""},
		{shortlink.FreeView{Search: "'"}, ""},
		{shortlink.FreeView{Search: "海报", State: shortlink.FreeCurrent}, "6 4 1 0"},
	} {
		var got []string
		after := ""
		for page := 0; page == 0 || after != ""; page++ {
			list, next, err := p.List(t.Context(), c.view, after, 2)
			if err != nil || len(list) > 2 || (next != "" && len(list) != 2) {
				t.Fatalf("%+v: %d links, then %q, %v", c.view, len(list), next, err)
			}
			for _, l := range list {
				if len(l.Code) != shortlink.CodeLen {
					t.Errorf("code %q", l.Code)
				}
				got = append(got, l.Target[len(l.Target)-1:])
			}
			after = next
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.view, got, c.want)
		}
	}
	for _, after := range []string{"nonsense", "e30", strings.Repeat("a", 2000)} {
		if list, _, err := p.List(t.Context(), shortlink.FreeView{}, after, 2); after != "e30" && !errors.Is(err, fault.ErrInvalid) || len(list) != 0 {
			t.Errorf("after %.10s: %d links, %v", after, len(list), err)
		}
	}
	if _, _, err := p.List(t.Context(), shortlink.FreeView{State: "x"}, "", 2); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a state that is none: %v", err)
	}
}
