package storage

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// batchOf makes a batch of hits by people on recipients' links of a campaign.
func batchOf(first int64, at time.Time, n int) shortlink.Batch {
	agent := shortlink.ReadAgent(person)
	b := shortlink.Batch{Agents: []shortlink.Agent{agent}}
	for i := range int64(n) {
		b.Hits = append(b.Hits, shortlink.Hit{ID: first + i, At: at.Add(time.Duration(i) * time.Millisecond), Link: 1, Campaign: 1, Ordinal: i % 10,
			Agent: agent.ID, Referrer: "mail.qq.com", Network: "203.0.113.0/24", Visitor: 5, Kind: shortlink.Human})
	}
	return b
}

func TestHitsAreTakenIn(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(10))
	s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	early, now := batchOf(1, at.Add(-time.Hour), 20), batchOf(101, at, 30)
	now.Hits[0].Campaign, now.Hits[1].Ordinal = 0, 99        // a free link, and a recipient there is not
	for _, b := range []shortlink.Batch{early, now, early} { // one is handed in twice
		if err := s.stores.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.text(t, "SELECT count(*)::text FROM crm_clicks"); got != "0" {
		t.Errorf("%s clicks before they were taken in", got)
	}
	if hits, more, err := s.stores.Admit(t.Context(), 1000); err != nil || hits != 70 || more {
		t.Errorf("took %d, more %v, %v", hits, more, err)
	}
	for query, want := range map[string]string{
		"SELECT count(*) || ' ' || count(DISTINCT id) FROM crm_clicks":                                           "50 50",
		"SELECT count(*)::text FROM crm_hit_batches":                                                             "0",
		"SELECT count(*) || ' ' || max(to_at - from_at) FROM crm_click_spans":                                    "2 00:00:00.029", // and none for all of the hour
		"SELECT count(*)::text FROM crm_clicks c JOIN crm_deliveries d USING (campaign_id, ordinal, learner_id)": "48",
		"SELECT string_agg(id || ' ' || learner_id, ', ' ORDER BY id) FROM crm_clicks WHERE learner_id = 0":      "101 0, 102 0",
		"SELECT program || device || os FROM crm_agents WHERE id = (SELECT agent FROM crm_clicks WHERE id = 1)":  "falsephoneandroid",
	} {
		if got := s.text(t, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestHitsThatCannotBeTakenIn: what the table will never hold is put aside and holds up nothing.
func TestHitsThatCannotBeTakenIn(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	bad := batchOf(200, at, 3)
	bad.Hits[1].Kind = "unheard of"
	for i, b := range []shortlink.Batch{batchOf(100, at, 3), bad, batchOf(300, at, 3)} {
		if err := s.stores.Append(t.Context(), b); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := s.db.bun.ExecContext(t.Context(), "INSERT INTO crm_hit_batches (hits) VALUES ('torn')"); err != nil {
		t.Fatal(err)
	}
	refusals := 0
	for range 10 {
		_, more, err := s.stores.Admit(t.Context(), 1000)
		if err != nil {
			refusals++
		} else if !more {
			break
		}
	}
	if refusals != 2 {
		t.Errorf("%d batches were refused aloud", refusals)
	}
	if got := s.text(t, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM crm_clicks"); got != "100 101 102 300 301 302" {
		t.Errorf("taken in: %s", got)
	}
	if got := s.text(t, "SELECT count(*) || ' ' || count(*) FILTER (WHERE refused) FROM crm_hit_batches"); got != "2 2" {
		t.Errorf("put aside: %s", got)
	}
}

// TestManyTakeIn: while some hand hits in, also again and again, others take them in; some of them
// give up in the middle. Every hit is there once.
func TestManyTakeIn(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	const writers, each = 4, 60
	var writing, taking sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				b := batchOf(int64(w*each+i)*10, at.Add(time.Duration(i)*time.Second), 10)
				for range 1 + i%3 {
					if err := s.stores.Append(t.Context(), b); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	done := make(chan struct{})
	for k := range 3 {
		taking.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(n*7+k)%60)*time.Millisecond)
				_, _, _ = s.stores.Admit(ctx, 50) // most of them give up
				cancel()
			}
		})
	}
	writing.Wait()
	close(done)
	taking.Wait()
	until(t, "all are taken in", func() bool { // who gave up may hold the place for a moment
		if _, _, err := s.stores.Admit(t.Context(), 500); err != nil {
			t.Fatal(err)
		}
		return s.text(t, "SELECT count(*)::text FROM crm_hit_batches") == "0"
	})
	if got := s.text(t, "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || (SELECT count(*) FROM crm_hit_batches) FROM crm_clicks"); got != fmt.Sprintf("%d %d 0", writers*each*10, writers*each*10) {
		t.Errorf("clicks, of different ids, batches left: %s", got)
	}
}
