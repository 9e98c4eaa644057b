package storage

import (
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/projection"
)

func TestRepairFindsWhatVanished(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	seed := s.Snapshot()
	var gone h.Enrollment
	for _, e := range seed.Enrollments {
		if e.Status == h.EnrollmentActive && (e.Role == "" || e.Role == h.EnrolledStudent) && !e.Deleted {
			gone = e
		}
	}
	s.VanishEnrollment(gone.ID)
	changed := seed.Learners[1]
	if _, err := s.db.bun.NewRaw("UPDATE crm_learners SET city = 'wrong', content_hash = 1 WHERE host_id = ?", string(changed.ID)).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.syncer.StartRepair(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sync(t)
	state := s.state(t)
	if state.RepairRunning() || len(state.Repair) == 0 {
		t.Fatalf("repair did not end: %+v", state.Repair)
	}
	for _, fs := range state.Repair {
		if fs.Feed == projection.Enrollments && fs.Vanished != 1 {
			t.Errorf("%d enrollments vanished, want 1", fs.Vanished)
		}
		if fs.Feed == projection.Learners && fs.Mended != 1 {
			t.Errorf("%d learners mended, want 1", fs.Mended)
		}
	}
	if got := s.text(t, "SELECT status || exit_reason FROM crm_enrollments WHERE host_id = ?", gone.ID); got != "exited" {
		t.Errorf("vanished enrollment is %q", got)
	}
	if got := s.text(t, "SELECT city FROM crm_learners WHERE host_id = ?", string(changed.ID)); got == "wrong" {
		t.Error("a row that differed was not mended")
	}
	s.checkFacts(t)
	s.PutEnrollments(gone) // the host was wrong, and feeds the same row again
	s.now = s.now.Add(time.Minute)
	if err := s.syncer.Push(t.Context(), []h.Event{h.Changed(gone)}); err != nil {
		t.Fatal(err)
	}
	if got := s.text(t, "SELECT status FROM crm_enrollments WHERE host_id = ?", gone.ID); got != "active" {
		t.Errorf("enrollment that came back is %q", got)
	}
}

func TestRepairRefusesToRemoveMost(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	before := s.contents(t)
	for _, l := range s.Snapshot().Learners[5:] {
		s.VanishLearner(l.ID)
	}
	if err := s.syncer.StartRepair(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sync(t)
	if failing := s.state(t).Failing(); len(failing) != 1 || failing[0].Failure != projection.FailureVanished {
		t.Errorf("failing: %+v", failing)
	}
	if after := s.contents(t); after != before {
		t.Errorf("something was removed:\n%s", firstDiff(before, after))
	}
}
