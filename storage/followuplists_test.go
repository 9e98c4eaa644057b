package storage

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// TestFollowupsOfALearner walks the list by cursor, entries of one moment among them.
func TestFollowupsOfALearner(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, three())
	who := a.learner(t, "all")
	for i := range 5 {
		a.add(t, ann, followup.Entry{Learner: who, Method: followup.Other, Content: fmt.Sprint(i)})
		if i%2 == 0 {
			a.at = a.at.Add(time.Hour)
		}
	}
	a.add(t, ann, followup.Entry{Learner: a.learner(t, "other"), Method: followup.Other, Content: "x"})
	var got []string
	for after := ""; ; {
		p, err := a.Of(t.Context(), who, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Followups {
			got = append(got, f.Content)
		}
		if after = p.Next; after == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[4 3 2 1 0]" {
		t.Errorf("in order: %v", got)
	}
	if _, err := a.Add(t.Context(), ann, followup.Entry{Learner: 999, Method: followup.Other, Content: "x"}); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("nobody's: %v", err)
	}
	a.refuse = fault.ErrUnavailable
	if _, err := a.Add(t.Context(), ann, followup.Entry{Learner: who, Method: followup.Other, Content: "x", Offering: 1, Intent: funnel.High}); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("without its level: %v", err)
	}
	if p, _ := a.Of(t.Context(), who, "", 10); len(p.Followups) != 5 {
		t.Errorf("an entry without its level was kept")
	}
}
