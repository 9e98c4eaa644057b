package storage

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

func TestClicks(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(10))
	id := s.launch(t, "first", segment.Everyone())
	second := s.launch(t, "second", segment.Everyone())
	s.work(t, s.sender("a"))
	var first int64
	if err := s.db.bun.NewRaw("SELECT first FROM crm_links WHERE campaign_id = ? AND kind = 'campaign'", int64(id)).Scan(t.Context(), &first); err != nil {
		t.Fatal(err)
	}
	code := s.code(t, first+3)
	hit := func(agent string) {
		t.Helper()
		target, err := s.links.Follow(t.Context(), code, visit(agent))
		if err != nil || target != "https://learn.example/courses/1" {
			t.Fatal(target, err)
		}
	}
	s.now = s.now.Add(time.Minute)
	hit(person)
	s.now = s.now.Add(3 * time.Second)
	hit(person) // an impatient thumb
	s.now = s.now.Add(time.Second)
	hit("curl/8.0")
	s.now = s.now.Add(time.Minute)
	hit(person)
	s.judge(t)
	r := s.result(t, id)
	if r.Hits != 4 || r.Clickers != 1 {
		t.Errorf("%d hits by %d people", r.Hits, r.Clickers)
	}
	if got := s.text(t, "SELECT string_agg(kind || reason, ' ' ORDER BY at) FROM crm_clicks"); got != "human duplicaterepeat botagent human" {
		t.Errorf("kinds: %s", got)
	}
	if r := s.result(t, second); r.Hits != 0 {
		t.Errorf("the other campaign has %d hits", r.Hits)
	}
	list, _, err := s.service.Recipients(t.Context(), id, "clicked", "", "", 10)
	if err != nil || len(list) != 1 || list[0].Ordinal != 3 {
		t.Errorf("clicked: %+v, %v", list, err)
	}
}

func TestCodesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	other, err := shortlink.NewCoder(shortlink.Key{Secret: []byte("other")})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.Encode(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]string{
		"another installation's": stranger, "past the range": s.code(t, 6),
		"empty": "", "10 KB": strings.Repeat("a", 10<<10), "a path": "../../et",
	} {
		if target, err := s.links.Follow(t.Context(), code, visit(person)); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%s leads to %q, %v", name, target, err)
		}
	}
}

// TestRedirectSurvivesLostRecord: the visitor goes on although the click cannot be kept.
func TestRedirectSurvivesLostRecord(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	if _, err := s.db.bun.NewRaw("ALTER TABLE crm_clicks RENAME TO crm_clicks_away").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if target, err := s.links.Follow(t.Context(), s.code(t, 0), visit(person)); err != nil || target == "" {
		t.Errorf("visitor stands at %q, %v", target, err)
	}
}
