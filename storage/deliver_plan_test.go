package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// TestStatementsReadTheirRowsOnly: until somebody analyses the table its statistics know nothing of
// a new campaign, and PostgreSQL takes one row, or as many as older campaigns have, for all of it.
// No statement may read the campaign, or everything ever sent, for a batch; nor where all is known.
func TestStatementsReadTheirRowsOnly(t *testing.T) {
	t.Parallel()
	for name, older := range map[string]int{"after three large campaigns": 3, "after many small ones": 30_000, "known": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const size = 20_000
			s := newSending(t, crowd(1))
			s.do(t, `INSERT INTO crm_learners (host_id, usable_email, status, marketable, content_hash, updated_at, written_at)
				SELECT 'x' || n, n || '@example.com', 'active', true, n, now(), now() FROM generate_series(2, ?) n`, size)
			for _, table := range []string{"crm_learners", "crm_campaigns", "crm_chunks", "crm_deliveries"} {
				s.do(t, "ALTER TABLE "+table+" SET (autovacuum_enabled = false)") // it would analyse
			}
			if older > 0 {
				s.sent(t, 300_000, older)
			}
			s.do(t, "ANALYZE crm_learners, crm_campaigns, crm_chunks, crm_deliveries")
			id := s.launch(t, "k", segment.Everyone())
			s.workPlan(t, s.sender("a"))
			if older == 0 {
				s.do(t, "ANALYZE crm_deliveries")
			}
			if n := s.text(t, "SELECT count(*)::text FROM crm_deliveries WHERE campaign_id = ?", int64(id)); n != fmt.Sprint(size) {
				t.Fatalf("planned %s", n)
			}
			asked := &asked{}
			own := &Campaigns{DB: &DB{bun: s.db.bun.WithQueryHook(asked), heavy: s.db.heavy, bulk: s.db.bulk}, Currency: "CNY"}
			s.checkBatch(t, own, asked, id)
			s.checkReceipts(t, own, asked, id, size)
			s.checkResend(t, own, asked, id, size)
		})
	}
}

// checkBatch does all that is done with a batch.
func (s *sending) checkBatch(t *testing.T, own *Campaigns, asked *asked, id campaign.ID) {
	t.Helper()
	const batch = 200
	due, err := own.Due(t.Context(), s.now, 30)
	if err != nil || len(due) != 30 {
		t.Fatal(len(due), err)
	}
	claim, held, err := own.Claim(t.Context(), due[20], "a", time.Hour, nil, s.now)
	if err != nil || !held {
		t.Fatal(held, err)
	}
	people, err := own.Take(t.Context(), claim, campaign.Sieve{Channel: h.ChannelEmail, Campaign: id, CapDays: 7}, batch, time.Hour, s.now)
	if err != nil || len(people) != batch {
		t.Fatal(len(people), err)
	}
	list := make([]campaign.Attempt, batch)
	for i, p := range people {
		list[i] = campaign.Attempt{Ordinal: p.Ordinal, State: campaign.Accepted, Parts: 1}
		if i%2 == 0 {
			list[i] = campaign.Attempt{Ordinal: p.Ordinal, State: campaign.Failed, Reason: campaign.ReasonInvalid}
		}
	}
	early := []campaign.Receipt{{Campaign: id, Ordinal: people[1].Ordinal, Delivered: true}} // before the answer
	if n, err := own.Receive(t.Context(), h.ChannelEmail, early, s.now); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for _, err := range []error{own.Finish(t.Context(), id, list, s.now), own.Drop(t.Context(), claim, s.now), own.Release(t.Context(), claim, "", s.now, s.now)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// The chunk may be read for what is due and for the batch, and a few deliveries of each person for the cap.
	asked.check(t, s, "batch", 12, 2*campaign.ChunkSize+5*batch)
}

// checkReceipts enters receipts of messages all over the campaign.
func (s *sending) checkReceipts(t *testing.T, own *Campaigns, asked *asked, id campaign.ID, size int) {
	t.Helper()
	s.do(t, "UPDATE crm_deliveries SET state = 'accepted', tries = 1, contact_hash = 1 WHERE campaign_id = ? AND state = 'queued'", int64(id))
	for _, n := range []int{100, 5000} {
		list := make([]campaign.Receipt, n)
		for i := range list {
			list[i] = campaign.Receipt{Campaign: id, Ordinal: int64(i * size / n), Delivered: i%2 == 0}
			if !list[i].Delivered {
				list[i].Reason = campaign.ReasonInvalid
			}
		}
		if ours, err := own.Receive(t.Context(), h.ChannelEmail, list, s.now); ours != n || err != nil {
			t.Fatal(ours, err)
		}
		asked.check(t, s, fmt.Sprint(n, " receipts"), 5, n)
	}
}

// checkResend sends once more what is unknown, which may be everything: it is read twice, but not
// once for each chunk.
func (s *sending) checkResend(t *testing.T, own *Campaigns, asked *asked, id campaign.ID, size int) {
	t.Helper()
	if moved, err := own.Move(t.Context(), id, campaign.Move{From: []campaign.State{campaign.Sending}, To: campaign.Sending, Again: true}, s.now); moved || err != nil {
		t.Fatal(moved, err) // nothing is unknown yet, and that nothing had to be read is no proof
	}
	s.do(t, "UPDATE crm_chunks SET done = true WHERE campaign_id = ?", int64(id))
	s.do(t, "UPDATE crm_deliveries SET state = 'unknown' WHERE campaign_id = ?", int64(id))
	asked.check(t, s, "resend", 2, size)
}

// sent fills the ledger with older campaigns, n deliveries in all, three to a person.
func (s *sending) sent(t testing.TB, n, campaigns int) {
	t.Helper()
	s.do(t, `INSERT INTO crm_campaigns (id, key, name, channel, rule, content, state, by_id, by_name, launched_at, done_at) OVERRIDING SYSTEM VALUE
		SELECT -n, 'older' || n, '', 'email', '{}', '{}', 'done', '', '', ?0, ?0 FROM generate_series(1, ?1) n`, s.now.AddDate(0, -1, 0), campaigns)
	s.do(t, `INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, tries, sending_at, accepted_at, settled_at)
		SELECT -1 - n / ?2, n % ?2, 1 + n % (?1 / 3), n % ?2 / ?3, 'accepted', 1, ?0, ?0, ?0 FROM generate_series(0, ?1 - 1) n`,
		s.now.AddDate(0, -1, 0), n, n/campaigns, campaign.ChunkSize)
	s.do(t, "INSERT INTO crm_chunks (campaign_id, chunk, done) SELECT DISTINCT campaign_id, chunk, true FROM crm_deliveries")
}

// do carries a statement out.
func (s *sending) do(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := s.db.bun.NewRaw(query, args...).Exec(t.Context()); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// asked are the statements about deliveries that one goroutine had carried out.
type asked struct{ list []string }

func (a *asked) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (a *asked) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if strings.Contains(e.Query, "crm_deliveries") {
		a.list = append(a.list, e.Query)
	}
}

// check carries the statements out once more and counts the deliveries that each of them looks at.
// It forgets them then.
func (a *asked) check(t testing.TB, s *sending, what string, statements, most int) {
	t.Helper()
	if len(a.list) != statements {
		t.Errorf("%s: %d statements are about deliveries, want %d", what, len(a.list), statements)
	}
	for _, query := range a.list {
		plan, text := s.explain(t, query)
		if n := plan.read("crm_deliveries"); n > most {
			t.Errorf("%s: %d deliveries are read, at most %d should be:\n%.200s\n%s", what, n, most, query, text)
		}
	}
	a.list = nil
}

// step is a step of a plan that was carried out; its numbers are those of one loop.
type step struct {
	Kind      string  `json:"Node Type"`
	Table     string  `json:"Relation Name"`
	Rows      float64 `json:"Actual Rows"`
	Loops     float64 `json:"Actual Loops"`
	Filtered  float64 `json:"Rows Removed by Filter"`
	Rechecked float64 `json:"Rows Removed by Index Recheck"`
	Plans     []step
}

// read counts the rows of a table that were looked at.
func (p step) read(table string) int {
	sum := 0
	if p.Table == table && strings.HasSuffix(p.Kind, "Scan") {
		sum = int((p.Rows + p.Filtered + p.Rechecked) * p.Loops)
	}
	for _, sub := range p.Plans {
		sum += sub.read(table)
	}
	return sum
}

// explain carries a statement out, takes it back and gives its plan.
func (s *sending) explain(t testing.TB, query string) (step, string) {
	t.Helper()
	tx, err := s.db.bun.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing is to stay
	var text string
	if err := tx.QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var plans []struct{ Plan step }
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) != 1 {
		t.Fatalf("%d plans: %v", len(plans), err)
	}
	return plans[0].Plan, text
}
