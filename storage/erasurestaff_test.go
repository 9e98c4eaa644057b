package storage

import (
	"context"
	"errors"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// keeper keeps something personal of the learner of newSecret.
type keeper struct {
	table string // last written by it
	do    func(s *sending, ctx context.Context, id segment.PersonID) error
	late  bool // it may come after an erasure: then it says nothing of the learner
}

func keepers() map[string]keeper {
	words := followup.Entry{Method: followup.Phone, Content: "Geheimnis", OwnerID: "ann", OwnerName: "陈立"}
	return map[string]keeper{
		"follow-up": {table: "crm_followups", do: func(s *sending, ctx context.Context, id segment.PersonID) error {
			e := words
			e.Learner = id
			_, _, err := (&Followups{s.db}).Add(ctx, ann, e, s.now)
			return err
		}},
		"edit": {table: "crm_followups", do: func(s *sending, ctx context.Context, id segment.PersonID) error {
			var plan int64 // what it says of a version is that of before the erasure
			if err := s.db.bun.NewRaw("SELECT id FROM crm_followups WHERE learner_id = ? AND method = 'plan'", int64(id)).Scan(ctx, &plan); err != nil {
				return err
			}
			return (&Followups{s.db}).Edit(ctx, ann, followup.ID(plan), 1, words, s.now)
		}},
		"plan for many": {table: "crm_followups", do: func(s *sending, ctx context.Context, id segment.PersonID) error {
			_, err := (&Followups{s.db}).BulkAdd(ctx, ann, segment.Predicate{SQL: "l.id = ?", Args: []any{int64(id)}}, "key", words, 10, s.now)
			return err
		}},
		"intent": {table: "crm_intents", do: func(s *sending, ctx context.Context, id segment.PersonID) error {
			_, err := (&Funnels{DB: s.db}).SetLevel(ctx, ann, funnel.Opinion{Learner: id, Offering: 1, Level: funnel.Low, Reason: "Geheimnis"}, s.now)
			return err
		}},
		"suppression": {late: true, table: "crm_suppressions", do: func(s *sending, ctx context.Context, _ segment.PersonID) error {
			_, err := (&Campaigns{DB: s.db}).Suppress(ctx, []campaign.Suppression{{Channel: h.ChannelSMS, Contact: "13987654321", Reason: campaign.SuppressedImport, At: s.now}}, "1")
			return err
		}},
		"bounce": {table: "crm_suppressions", do: func(s *sending, ctx context.Context, id segment.PersonID) error {
			var ordinal int64
			if err := s.db.bun.NewRaw("SELECT ordinal FROM crm_deliveries WHERE campaign_id = 2 AND learner_id = ?", int64(id)).Scan(ctx, &ordinal); err != nil {
				return err
			}
			_, err := (&Campaigns{DB: s.db}).Receive(ctx, h.ChannelSMS, []campaign.Receipt{{Campaign: 2, Ordinal: ordinal, Reason: campaign.ReasonInvalid}}, s.now)
			return err
		}},
	}
}

// newKept is newSecret with what the keepers need.
func newKept(t *testing.T) (*sending, segment.PersonID) {
	t.Helper()
	s, id := newSecret(t)
	if _, _, err := (&Followups{s.db}).Add(t.Context(), ann, followup.Entry{Learner: id, Method: followup.Plan, NextAt: s.now, OwnerID: "ann", OwnerName: "陈立"}, s.now); err != nil {
		t.Fatal(err)
	}
	s.do(t, "DELETE FROM crm_suppressions")
	s.do(t, "UPDATE crm_deliveries SET contact_hash = hashtextextended('13987654321', 0) WHERE campaign_id = 2 AND learner_id = ?", int64(id))
	return s, id
}

// TestErasureMeetsStaff: of what is kept at the moment of an erasure nothing is left, whichever was first.
func TestErasureMeetsStaff(t *testing.T) {
	t.Parallel()
	for name, k := range keepers() {
		t.Run(name+" first", func(t *testing.T) {
			t.Parallel()
			s, id := newKept(t)
			kept := s.held(t, k.table, func(ctx context.Context) error { return k.do(s, ctx, id) })
			erased := make(chan error, 1)
			go func() { erased <- s.db.inTx(context.WithoutCancel(t.Context()), erasing(id)) }()
			until(t, "the erasure waits", func() bool { return s.waiting(t) == 2 })
			if err := errors.Join(kept(), <-erased); err != nil {
				t.Fatal(err)
			}
			if found := s.traces(t); found != nil {
				t.Errorf("left in %v", found)
			}
		})
		if k.late {
			continue
		}
		t.Run(name+" second", func(t *testing.T) {
			t.Parallel()
			s, id := newKept(t)
			kept := make(chan error, 1)
			if err := s.db.inTx(t.Context(), func(tx *tx) error {
				if err := erasing(id)(tx); err != nil {
					return err
				}
				go func() { kept <- k.do(s, context.WithoutCancel(t.Context()), id) }()
				until(t, "the other waits", func() bool { return s.waiting(t) == 1 })
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if err, problems := <-kept, (fault.Fields{}); err != nil && (!errors.As(err, &problems) || problems["content"].Key != "problem.erased" && problems["people"].Key != "problem.people_none") {
				t.Errorf("refused: %v", err)
			}
			if found := s.traces(t); found != nil {
				t.Errorf("left in %v", found)
			}
		})
	}
}

// waiting counts the transactions that wait for another one.
func (s *sending) waiting(t *testing.T) int64 {
	t.Helper()
	return s.number(t, `SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted
		AND pid IN (SELECT pid FROM pg_locks WHERE relation IN ('crm_learners'::regclass, 'crm_deliveries'::regclass))`)
}

// held runs something that stops where it has written to a table, before its transaction ends. What
// it gives lets that go on and waits for it.
func (s *sending) held(t *testing.T, table string, do func(ctx context.Context) error) (finish func() error) {
	t.Helper()
	key := s.number(t, "SELECT 'crm_learners'::regclass::bigint") // other tests hold theirs
	s.do(t, `CREATE FUNCTION crm_test_hold() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM pg_advisory_xact_lock_shared('crm_learners'::regclass::bigint); RETURN NULL; END $$`)
	s.do(t, "CREATE TRIGGER crm_test_hold AFTER INSERT OR UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION crm_test_hold()")
	lock, err := s.db.bun.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Rollback() }) //nolint:errcheck // it is rolled back below
	if _, err := lock.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock(?)", key); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- do(context.WithoutCancel(t.Context())) }()
	until(t, table+" is written", func() bool { return s.waiting(t) == 1 })
	return func() error { return errors.Join(lock.Rollback(), <-done) }
}

// TestErasureMeetsASender: a message that leaves at this moment keeps no trace of where to.
func TestErasureMeetsASender(t *testing.T) {
	t.Parallel()
	s, id := newKept(t)
	s.do(t, "DELETE FROM crm_deliveries WHERE learner_id = ?", int64(id)) // what was sent before is in nobody's way
	more := s.launch(t, "more", segment.Everyone())
	sender := s.sender("b")
	plan, err := sender.Due(t.Context(), 100)
	if err != nil || len(plan) != 1 {
		t.Fatalf("%+v, %v", plan, err)
	}
	if err := sender.Do(t.Context(), plan[0]); err != nil {
		t.Fatal(err)
	}
	sent := s.held(t, "crm_deliveries", func(ctx context.Context) error {
		due, err := sender.Due(ctx, 100)
		if err != nil || len(due) != 1 {
			return errors.Join(err, errors.New("nothing to send"))
		}
		return sender.Do(ctx, due[0])
	})
	erased := make(chan error, 1)
	go func() {
		erased <- (&Erasures{s.db}).Erase(context.WithoutCancel(t.Context()), erasure.Erasure{Person: id, ByID: "1", At: s.now})
	}()
	until(t, "the erasure waits", func() bool { return s.waiting(t) == 2 })
	if err := errors.Join(sent(), <-erased); err != nil {
		t.Fatal(err)
	}
	if got := s.text(t, "SELECT state || ' ' || coalesce(contact_hash::text, 'nowhere') FROM crm_deliveries WHERE campaign_id = ? AND learner_id = ?", int64(more), int64(id)); got != "accepted nowhere" {
		t.Error(got)
	}
}
