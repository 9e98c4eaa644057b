package storage

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/segment"
)

func TestHealthIsTold(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	x := &Health{s.db}
	db, err := x.Database(t.Context())
	if err != nil || db.Version == "" || db.Size < 1<<20 || db.Sessions < 1 {
		t.Errorf("%+v, %v", db, err)
	}
	if b, err := x.Backlog(t.Context(), s.now); err != nil || b != (health.Backlog{}) {
		t.Errorf("nothing waits: %+v, %v", b, err)
	}
	if r, err := x.Runs(t.Context()); err != nil || r != (health.Runs{}) {
		t.Errorf("nothing ran: %+v, %v", r, err)
	}
	s.launch(t, "k", segment.Everyone())
	s.do(t, "INSERT INTO crm_hit_batches (hits, refused) VALUES ('', false), ('', false), ('', true)")
	s.do(t, "INSERT INTO crm_click_spans (from_at, to_at, hits) VALUES (now(), now(), 1)")
	s.do(t, "INSERT INTO crm_facts_due (learner_id) VALUES (1), (2)")
	if b, err := x.Backlog(t.Context(), s.now); err != nil || b != (health.Backlog{Chunks: 1, Batches: 2, Refused: 1, Spans: 1, Facts: 2}) {
		t.Errorf("%+v, %v", b, err)
	}
	s.do(t, "UPDATE crm_campaigns SET stalled = 'refused'")
	if b, err := x.Backlog(t.Context(), s.now); err != nil || b.Stalled != 1 {
		t.Errorf("%+v, %v", b, err)
	}
	at := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	s.do(t, "UPDATE crm_queries SET counted_at = ? WHERE id = 1", at)
	if r, err := x.Runs(t.Context()); err != nil || r != (health.Runs{Queries: at}) {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.db.Acquire(t.Context(), "tags", "me", time.Minute); err != nil {
		t.Fatal(err)
	}
	list, err := x.Keepers(t.Context())
	found := false
	for _, k := range list {
		found = found || k.Name == "tags" && k.Owner == "me" && time.Until(k.Until) > 0
	}
	if err != nil || !found {
		t.Errorf("%+v, %v", list, err)
	}
}
