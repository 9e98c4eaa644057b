package storage

import (
	"context"
	"errors"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/followup"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// TestErasureClosesForms: what was open when somebody was erased brings nothing back.
func TestErasureClosesForms(t *testing.T) {
	t.Parallel()
	s, id := newSecret(t)
	list, err := s.service.ListDrafts(t.Context(), marketer)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := erasure.NewService(&Erasures{s.db}, s.clock).Erase(t.Context(), id, marketer); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error) {
		t.Helper()
		if problems := (fault.Fields{}); !errors.As(err, &problems) || problems["audience"].Key != "problem.nobody" {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("save", s.service.SaveDraft(t.Context(), list[0], marketer))
	_, err = s.service.NewDirect(t.Context(), h.ChannelSMS, id, marketer)
	refused("begin", err)
	_, err = (&Campaigns{DB: s.db}).Insert(t.Context(), campaign.Campaign{Key: list[0].Key, Channel: h.ChannelSMS, Rule: list[0].Rule, Content: list[0].Content,
		Direct: true, State: campaign.Planning, LaunchedAt: s.now})
	refused("launch", err)
	n := followup.ID(s.number(t, "SELECT id FROM crm_followups"))
	if err := (&Followups{DB: s.db}).Edit(t.Context(), ann, n, 2, followup.Entry{Method: followup.Phone, Content: "Geheimnis 3", OwnerID: "ann"}, s.now); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("edit: %v", err)
	}
	if found := s.traces(t); found != nil {
		t.Errorf("back in %v", found)
	}
}

// TestErasureMeetsASync: of the two, whoever comes second waits and knows of the other.
func TestErasureMeetsASync(t *testing.T) {
	t.Parallel()
	for name, word := range map[string]string{
		"exit":    "UPDATE crm_enrollments SET exit_note = 'Geheimnis'",
		"refund":  "UPDATE crm_refunds SET reason = 'Geheimnis'",
		"problem": "INSERT INTO crm_sync_problems (feed, host_id, reason, payload, learner_host_id, first_at, last_at) VALUES ('orders', '10', '', 'Geheimnis', '7', now(), now())",
	} {
		write := func(tx *tx) error {
			_, err := tx.exec(context.Background(), word)
			return err
		}
		t.Run(name+" first", func(t *testing.T) {
			t.Parallel()
			s, id := newSecret(t)
			s.meet(t, write, erasing(id))
		})
		t.Run(name+" second", func(t *testing.T) {
			t.Parallel()
			s, id := newSecret(t)
			s.do(t, "UPDATE crm_enrollments SET exit_note = ''") // nor is it the row itself that is waited for
			s.do(t, "UPDATE crm_refunds SET reason = ''")
			s.meet(t, erasing(id), write)
		})
	}
}

// erasing wipes somebody.
func erasing(id segment.PersonID) func(*tx) error {
	return func(t *tx) error {
		w := wipe{tx: t, Erasure: erasure.Erasure{Person: id, ByID: "1", At: hosttest.SeedTime()}}
		return w.run(context.Background())
	}
}

// meet runs two transactions of which the second begins before the first has ended; no word is left.
func (s *sending) meet(t *testing.T, first, second func(*tx) error) {
	t.Helper()
	done := make(chan error, 1)
	if err := s.db.inTx(t.Context(), func(tx *tx) error {
		if err := first(tx); err != nil {
			return err
		}
		go func() { done <- s.db.inTx(context.Background(), second) }()
		until(t, "the second waits", func() bool {
			return s.text(t, "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'crm_learners'::regclass)") == "1"
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if found := s.traces(t); found != nil {
		t.Errorf("left in %v", found)
	}
}

// TestOldProblemsAreKnown: what was filed before there were erasures is found by them too.
func TestOldProblemsAreKnown(t *testing.T) {
	t.Parallel()
	s := &sending{school: &school{db: openEmpty(t)}}
	migrateTo(t, s.db, "20261125000001")
	s.do(t, `INSERT INTO crm_sync_problems (feed, host_id, reason, payload, first_at, last_at) SELECT feed, host_id, '', convert_to(payload, 'UTF8'), now(), now()
		FROM (VALUES ('learners', '7', '{"ID":"7"}'), ('orders', '1', '{"ID":"1","SN":"\u0000","LearnerID":"学7","Status":"x"}'),
			('offerings', 'course:1', '{"ID":"1","Title":"\"LearnerID\":\"7\""}'), ('activities', '1', '{}')) x (feed, host_id, payload)`)
	if err := s.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.text(t, "SELECT string_agg(feed || ' ' || learner_host_id, ',' ORDER BY feed) FROM crm_sync_problems"); got != "activities ,learners 7,offerings ,orders 学7" {
		t.Error(got)
	}
}
