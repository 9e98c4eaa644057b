package funnel

import (
	"context"
	"errors"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestRuleOfATab(t *testing.T) {
	t.Parallel()
	const stage = `{"field":"stage","of":{"offering":[318]},"op":"any_of","value":["potential"]}`
	for _, tt := range []struct {
		tab    Tab
		filter Filter
		want   string // empty: refused
	}{
		{TabPotential, Filter{}, `{"all":[` + stage + `]}`},
		{TabPast, Filter{}, `{"all":[{"field":"past_offering","op":"any_of","value":[318]}]}`},
		{TabPotential, Filter{Behaviour: h.ActivityTrial}, `{"all":[` + stage + `,{"field":"activity","of":{"offering":[318],"type":["trial"],"within":{"last":90,"unit":"day"}},"op":"ge","value":1}]}`},
		{TabPotential, Filter{Level: High, Rested: 7}, `{"all":[` + stage + `,{"field":"intent","of":{"offering":[318]},"op":"any_of","value":["high"]},{"field":"contacted","op":"not_in_last","value":7,"unit":"day"}]}`},
		{TabPotential, Filter{Recency: 14}, `{"all":[` + stage + `,{"field":"last_activity","of":{"offering":[318],"type":["question","trial","favorite","coupon","view"]},"op":"in_last","value":14,"unit":"day"}]}`},
		{TabEnrolled, Filter{Study: Stalled}, `{"all":[{"field":"stage","of":{"offering":[318]},"op":"any_of","value":["enrolled"]},{"field":"stalled","of":{"offering":[318]},"op":"older","value":14,"unit":"day"}]}`},
		{TabEnrolled, Filter{Study: Expiring}, `{"all":[{"field":"stage","of":{"offering":[318]},"op":"any_of","value":["enrolled"]},{"field":"place_expires","of":{"offering":[318]},"op":"in_next","value":30,"unit":"day"}]}`},
		{TabEnrolled, Filter{Study: Completed}, `{"all":[{"field":"stage","of":{"offering":[318]},"op":"any_of","value":["enrolled"]},{"field":"completed","of":{"offering":[318]},"op":"ge","value":1}]}`},
		{"nowhere", Filter{}, ""},
		{TabPotential, Filter{Behaviour: h.ActivityLogin}, ""},
		{TabEnrolled, Filter{Behaviour: h.ActivityTrial}, ""},
		{TabWithdrawn, Filter{Level: High}, ""},
		{TabPotential, Filter{Level: "hot"}, ""},
		{TabPending, Filter{Recency: 7}, ""},
		{TabPotential, Filter{Recency: MaxDays + 1}, ""},
		{TabPotential, Filter{Study: Stalled}, ""},
		{TabPotential, Filter{Rested: -1}, ""},
	} {
		r, err := Rule(318, tt.tab, tt.filter)
		var problems fault.Fields
		switch {
		case tt.want == "":
			if !errors.As(err, &problems) {
				t.Errorf("%s %+v: %v", tt.tab, tt.filter, err)
			}
		case err != nil || string(r.JSON()) != tt.want:
			t.Errorf("%s %+v: %s, %v", tt.tab, tt.filter, r.JSON(), err)
		default:
			if _, err := segment.Compile(r, segment.Env{Catalog: segment.DefaultCatalog(), Now: now, Currency: "CNY"}); err != nil {
				t.Errorf("%s: %v", r.JSON(), err)
			}
		}
	}
}

// shelf is a store that remembers what it was asked.
type shelf struct {
	Store
	listing Listing
	lists   []List
	wheres  []segment.Predicate
	found   map[Stage]Pair
	said    []Opinion
}

func (s *shelf) List(context.Context, h.TargetType, time.Time) (Listing, error) {
	return s.listing, nil
}

func (s *shelf) People(_ context.Context, l List, where segment.Predicate, _ time.Time) (People, error) {
	s.lists, s.wheres = append(s.lists, l), append(s.wheres, where)
	if p, ok := s.found[l.Stage]; ok && !l.Past {
		return People{Pairs: []Pair{p}, Total: 1}, nil
	}
	return People{}, nil
}

func (s *shelf) SetLevel(_ context.Context, _ h.Staff, o Opinion, _ time.Time) (Opined, error) {
	s.said = append(s.said, o)
	return Opined{Level: o.Level}, nil
}

func (s *shelf) SetCategory(context.Context, h.Staff, segment.PersonID, OfferingID, Category, time.Time) error {
	return nil
}

func newTestService(s *shelf) *Service {
	clock := func() time.Time { return now }
	return NewService(s, segment.NewService(nil, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, clock), clock)
}

func TestPeopleOfATab(t *testing.T) {
	t.Parallel()
	s := &shelf{found: map[Stage]Pair{Pending: {Stage: Pending}}}
	service := newTestService(s)
	if _, err := service.People(t.Context(), Ask{Offering: 318, Tab: TabPast, Limit: 20, After: "x"}); err != nil {
		t.Fatal(err)
	}
	if l := s.lists[0]; l.Stage != Enrolled || !l.Past || l.After != "x" || l.Limit != 20 || s.wheres[0].SQL != "" {
		t.Errorf("asked for %+v where %q", l, s.wheres[0].SQL)
	}
	if _, err := service.People(t.Context(), Ask{Offering: 318, Tab: TabPotential, Filter: Filter{Level: High}, Limit: 20}); err != nil || s.wheres[1].SQL == "" {
		t.Errorf("asked where %q: %v", s.wheres[1].SQL, err)
	}
	for _, bad := range []Ask{{Tab: TabPast}, {Tab: TabPast, Limit: 101}, {Tab: "x", Limit: 1}, {Tab: TabPast, Limit: 1, Filter: Filter{Level: High}}} {
		if _, err := service.People(t.Context(), bad); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if p, err := service.Find(t.Context(), 318, 7); err != nil || p.Stage != Pending {
		t.Errorf("found %+v, %v", p, err)
	}
	s.found = nil
	if _, err := service.Find(t.Context(), 318, 7); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("found nobody: %v", err)
	}
}

func TestWhatStaffSay(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	service := newTestService(s)
	may := h.Staff{ID: "7", Permissions: []h.Permission{h.PermFollowup}}
	if _, err := service.SetLevel(t.Context(), h.Staff{}, Opinion{Level: High}); !errors.Is(err, fault.ErrForbidden) {
		t.Errorf("without permission: %v", err)
	}
	if err := service.SetCategory(t.Context(), h.Staff{}, 1, 2, CategoryPrice); !errors.Is(err, fault.ErrForbidden) {
		t.Errorf("without permission: %v", err)
	}
	for field, o := range map[string]Opinion{"level": {Level: "hot"}, "reason": {Level: High, Reason: "a\nb"}} {
		var problems fault.Fields
		if _, err := service.SetLevel(t.Context(), may, o); !errors.As(err, &problems) || problems[field].Key == "" {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := service.SetLevel(t.Context(), may, Opinion{Reason: "  谈过了 "}); err != nil || s.said[0].Reason != "谈过了" {
		t.Errorf("said %+v, %v", s.said, err)
	}
	if err := service.SetCategory(t.Context(), may, 1, 2, "x"); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a category that is none: %v", err)
	}
	if err := service.SetCategory(t.Context(), may, 1, 2, ""); err != nil {
		t.Errorf("take it back: %v", err)
	}
	if _, err := service.View(t.Context(), 1, 8); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a period that is none: %v", err)
	}
}
