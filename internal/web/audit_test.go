package web

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/shortlink"
)

func TestDeedsAreRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/people/2").want(t, 200)
	s.post("/people/2/contact", url.Values{}).want(t, 200, "13800135622")
	s.post("/people/999/contact", url.Values{}).want(t, 404)
	s.post("/sync/repair", url.Values{}).want(t, 303)
	s.confirmed("MAILDRAFT").want(t, 303)
	if got, want := s.world.deeds(), []string{"contact.shown person:2", "sync.repair_asked sync", "campaign.launched campaign:12"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
	for _, e := range s.world.audited {
		if e.StaffID != "7" || e.IP != "192.0.2.1" || len(e.Request) != 8 || e.At != s.world.now {
			t.Errorf("%+v", e)
		}
	}
}

// TestNothingIsDoneUnrecorded holds for what is recorded first.
func TestNothingIsDoneUnrecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.mute = errors.New("no paper")
	a := s.post("/people/2/contact", url.Values{}).want(t, http.StatusInternalServerError)
	if strings.Contains(a.body, "13800135622") {
		t.Error("contacts are shown without a record")
	}
	s.post("/sync/repair", url.Values{}).want(t, http.StatusInternalServerError)
	s.post("/queries/2/set", url.Values{"do": {"up"}}).want(t, http.StatusInternalServerError)
	if s.world.repairs != 0 || s.world.queries[0].ID != 1 {
		t.Error("done without a record")
	}
}

// TestRecordSeesThroughProxies that are trusted: their own address would tell nothing.
func TestRecordSeesThroughProxies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		proxies shortlink.Proxies
		want    string
	}{
		"trusted":  {shortlink.Proxies{netip.MustParsePrefix("192.0.2.0/24")}, "203.0.113.9"},
		"stranger": {nil, "192.0.2.1"},
	} {
		s := newSite(t, func(_ *world, c *Config) { c.Proxies = tt.proxies })
		s.do(visit{method: "POST", path: "/crm/sync/repair", form: url.Values{}, header: http.Header{"X-Forwarded-For": {"198.51.100.7, 203.0.113.9"}}}).want(t, 303)
		if len(s.world.audited) != 1 || s.world.audited[0].IP != tt.want {
			t.Errorf("%s: %+v", name, s.world.audited)
		}
	}
}

// TestWhatIsRefusedIsNotRecorded as done: the input is looked at first.
func TestWhatIsRefusedIsNotRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/queries/2", url.Values{"name": {""}}).want(t, 422)
	s.change("MAILDRAFT", letter("step", "test", "test_to", "nobody", "test_key", "k"), "test").want(t, 422)
	if got := s.world.deeds(); len(got) != 0 {
		t.Errorf("recorded %q", got)
	}
}
