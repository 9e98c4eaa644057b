package projection

import (
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// TestWhomAProblemIsAbout: an erasure of the learner has to find the row.
func TestWhomAProblemIsAbout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p    Problem
		want h.LearnerID
	}{
		"learner":    {NewProblem(Learners, "7", "x", h.Learner{ID: "7"}), "7"},
		"order":      {NewProblem(Orders, "1", "x", h.Order{ID: "1", LearnerID: "<7>"}), "<7>"},
		"enrollment": {NewProblem(Enrollments, "1", "x", h.Enrollment{ID: "1", LearnerID: "7"}), "7"},
		"membership": {NewProblem(Memberships, "7", "x", h.Membership{LearnerID: "7"}), "7"},
		"activity":   {NewProblem(Activities, "1", "x", h.Activity{EventID: "1", LearnerID: "7"}), "7"},
		"too long":   {NewProblem(Orders, "1", "x", h.Order{ID: "1", LearnerID: h.LearnerID(strings.Repeat("7", maxID+1))}), ""},
		"offering":   {NewProblem(Offerings, "course:1", "x", h.Offering{ID: "1"}), ""},
	} {
		if c.p.Learner != c.want {
			t.Errorf("%s: about %q, want %q", name, c.p.Learner, c.want)
		}
		var b Batch
		c.p.Learner = "" // filed before it was kept
		retry(&Checker{}, &b, c.p)
		if len(b.Problems) != 1 || b.Problems[0].Learner != c.want {
			t.Errorf("%s: tried again: %+v", name, b.Problems)
		}
	}
}
