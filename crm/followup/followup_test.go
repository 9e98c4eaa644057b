package followup_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// drawer takes what it is given; the real one is storage.Followups.
type drawer struct {
	followup.Store
	got []followup.Entry
}

func (d *drawer) Add(_ context.Context, _ h.Staff, e followup.Entry, _ time.Time) (followup.ID, bool, error) {
	d.got = append(d.got, e)
	return followup.ID(len(d.got)), false, nil
}

var noon = time.Date(2026, 11, 20, 12, 0, 30, 5, time.UTC)

func newService(d *drawer) *followup.Service {
	now := func() time.Time { return noon }
	return followup.NewService(d, segment.NewService(nil, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, now), nil, now)
}

var adviser = h.Staff{ID: "7", Name: "陈立", Permissions: []h.Permission{h.PermFollowup}}

func TestEntriesAreChecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*followup.Entry)
		want   string // field and key; empty: it is right
	}{
		"right":               {func(*followup.Entry) {}, ""},
		"no method":           {func(e *followup.Entry) { e.Method = "" }, "method problem.choice"},
		"unknown method":      {func(e *followup.Entry) { e.Method = "pigeon" }, "method problem.choice"},
		"nothing said":        {func(e *followup.Entry) { e.Content = " \n " }, "content problem.missing"},
		"longest":             {func(e *followup.Entry) { e.Content = strings.Repeat("长", followup.MaxContent) }, ""},
		"too long":            {func(e *followup.Entry) { e.Content = strings.Repeat("长", followup.MaxContent+1) }, "content problem.long"},
		"not text":            {func(e *followup.Entry) { e.Content = "a\x00b" }, "content problem.characters"},
		"not UTF-8":           {func(e *followup.Entry) { e.Content = "a\xff" }, "content problem.characters"},
		"unknown level":       {func(e *followup.Entry) { e.Intent = "huge" }, "intent problem.choice"},
		"level":               {func(e *followup.Entry) { e.Intent = funnel.None }, ""},
		"this minute":         {func(e *followup.Entry) { e.NextAt = noon.Truncate(time.Minute) }, ""},
		"a minute ago":        {func(e *followup.Entry) { e.NextAt = noon.Add(-time.Minute) }, "next problem.past"},
		"in two years":        {func(e *followup.Entry) { e.NextAt = noon.AddDate(2, 0, 0) }, ""},
		"in more":             {func(e *followup.Entry) { e.NextAt = noon.AddDate(2, 0, 1) }, "next problem.far"},
		"plan without a time": {func(e *followup.Entry) { e.Method, e.Content = followup.Plan, "" }, "next problem.missing"},
		"plan":                {func(e *followup.Entry) { e.Method, e.Content, e.NextAt = followup.Plan, "", noon.Add(time.Hour) }, ""},
		"long key":            {func(e *followup.Entry) { e.Key = strings.Repeat("k", 101) }, "key problem.long"},
		"no offering":         {func(e *followup.Entry) { e.Offering = -1 }, "offering problem.choice"},
	} {
		e := followup.Entry{Learner: 1, Method: followup.Phone, Content: "问能不能分期"}
		tt.change(&e)
		d := &drawer{}
		_, err := newService(d).Add(t.Context(), adviser, e)
		var problems fault.Fields
		errors.As(err, &problems)
		got := ""
		for field, p := range problems {
			got += field + " " + p.Key
		}
		if got != tt.want || (err == nil) != (tt.want == "") || len(d.got) == 1 != (tt.want == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAuthorsOwnWhatHasNoOwner(t *testing.T) {
	t.Parallel()
	d := &drawer{}
	s := newService(d)
	for _, e := range []followup.Entry{{}, {OwnerID: "8"}, {OwnerID: "8", OwnerName: "李老师"}} {
		e.Learner, e.Method, e.Content = 1, followup.Visit, " 来过 "
		if _, err := s.Add(t.Context(), adviser, e); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"7 陈立", "8 8", "8 李老师"} {
		if got := d.got[i].OwnerID + " " + d.got[i].OwnerName; got != want || d.got[i].Content != "来过" {
			t.Errorf("owner %q, want %q; %q", got, want, d.got[i].Content)
		}
	}
	if _, err := s.Add(t.Context(), h.Staff{ID: "9"}, d.got[0]); !errors.Is(err, fault.ErrForbidden) {
		t.Errorf("without the right: %v", err)
	}
}

func TestWhoMayEdit(t *testing.T) {
	t.Parallel()
	f := followup.Followup{ByID: "7", Entry: followup.Entry{OwnerID: "8"}}
	if !f.EditableBy("7") || !f.EditableBy("8") || f.EditableBy("9") || (followup.Followup{}).EditableBy("") {
		t.Error("not author and owner alone")
	}
	tally := followup.Tally{Overdue: 1, Today: 2, Upcoming: 4}
	sum := int64(0)
	for _, s := range followup.States() {
		sum += tally.Of(s)
	}
	if sum != 14 {
		t.Errorf("states add up to %d", sum)
	}
}
