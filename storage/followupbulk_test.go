package storage

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// TestPlanForMany enters a plan for each person of an audience once, however often the form comes
// and however many at a time.
func TestPlanForMany(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, hosttest.SmallSeed())
	rule := segment.Group("all", segment.Condition("paid_count", segment.OpGe, 1, ""))
	want := a.text(t, "SELECT count(*) FROM crm_learners WHERE status <> 'deleted' AND paid_order_count >= 1")
	e := followup.Entry{NextAt: a.at.Add(time.Hour), Content: "renew", OwnerID: "bob", OwnerName: "李老师"}
	var wg sync.WaitGroup
	batches, errs := make([]followup.Batch, 4), make([]error, 4)
	for i := range batches {
		wg.Go(func() {
			batches[i], errs[i] = a.BulkAdd(context.WithoutCancel(t.Context()), ann, rule, "key", e)
		})
	}
	wg.Wait()
	fresh := 0
	for i, b := range batches {
		if !b.Before {
			fresh++
		}
		if errs[i] != nil || b.People == 0 || b.People != batches[0].People {
			t.Errorf("form %d: %+v, %v", i, b, errs[i])
		}
	}
	if got := a.text(t, `SELECT count(*) || ' ' || count(DISTINCT learner_id) || ' ' || string_agg(DISTINCT method || content || owner_id || owner_name || by_id, ',')
		FROM crm_followups WHERE batch = 'key'`); got != want+" "+want+" planrenewbob李老师ann" || fresh != 1 {
		t.Errorf("entered %s by %d forms, want %s", got, fresh, want)
	}
	if n, err := a.Waiting(t.Context(), "bob", 1000); err != nil || int64(n) != batches[0].People {
		t.Errorf("bob is reminded of %d, %v", n, err)
	}
	if b, err := a.BulkAdd(t.Context(), ann, rule, "other", e); err != nil || b.Before || b.People != batches[0].People {
		t.Errorf("another form: %+v, %v", b, err)
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, three())
	rule := segment.Everyone()
	nobody := segment.Group("all", segment.Condition("paid_count", segment.OpGe, 1000, ""))
	e := followup.Entry{NextAt: a.at.Add(time.Hour)}
	bulk := func(by string, r segment.Rule, key string, e followup.Entry) error {
		staff := ann
		if by == "eve" {
			staff = eve
		}
		_, err := a.BulkAdd(t.Context(), staff, r, key, e)
		return err
	}
	for name, tt := range map[string]struct {
		err  error
		want error
		key  string // of the problem, behind its field
	}{
		"without the right": {bulk("eve", rule, "k", e), fault.ErrForbidden, ""},
		"without a time":    {bulk("ann", rule, "k", followup.Entry{}), fault.ErrInvalid, "next problem.missing"},
		"without a key":     {bulk("ann", rule, "", e), fault.ErrInvalid, "key problem.missing"},
		"nobody":            {bulk("ann", nobody, "k", e), fault.ErrInvalid, "people problem.people_none"},
		"a bad rule":        {bulk("ann", segment.Condition("nothing", segment.OpGe, 1, ""), "k", e), fault.ErrInvalid, ""},
	} {
		var problems fault.Fields
		errors.As(tt.err, &problems)
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v", name, tt.err)
		}
		for field, p := range problems {
			if field+" "+p.Key != tt.key {
				t.Errorf("%s: %s %s", name, field, p.Key)
			}
		}
	}
	where, err := segment.Compile(rule, segment.Env{Catalog: segment.DefaultCatalog(), Now: a.at, Currency: "CNY"})
	if err != nil {
		t.Fatal(err)
	}
	var problems fault.Fields
	_, err = (&Followups{DB: a.db}).BulkAdd(t.Context(), ann, where, "k", plan(0, "x", a.at), 1, a.at)
	if !errors.As(err, &problems) || problems["people"].Key != "problem.people_many" {
		t.Errorf("two where one may be: %v", err)
	}
	// What was refused left nothing, and its key free.
	if got := a.text(t, "SELECT (SELECT count(*) FROM crm_followups) || ' ' || (SELECT count(*) FROM crm_followup_batches)"); got != "0 0" {
		t.Errorf("rows and forms: %s", got)
	}
	if b, err := a.BulkAdd(t.Context(), ann, rule, "k", e); err != nil || b.People != 2 { // one of three is locked
		t.Errorf("sent again: %+v, %v", b, err)
	}
}
