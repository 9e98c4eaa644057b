package hostadapter_test

import (
	"slices"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
)

func TestChangedSetsOneField(t *testing.T) {
	t.Parallel()
	learner := hostadapter.Learner{ID: "1"}
	event := hostadapter.Changed(learner)
	learner.ID = "2"
	if event.Learner == nil || event.Learner.ID != "1" {
		t.Errorf("the event does not hold the snapshot: %+v", event.Learner)
	}
	for name, tc := range map[string]struct {
		event hostadapter.Event
		set   func(hostadapter.Event) bool
	}{
		"learner":    {hostadapter.Changed(hostadapter.Learner{}), func(e hostadapter.Event) bool { return e.Learner != nil }},
		"offering":   {hostadapter.Changed(hostadapter.Offering{}), func(e hostadapter.Event) bool { return e.Offering != nil }},
		"order":      {hostadapter.Changed(hostadapter.Order{}), func(e hostadapter.Event) bool { return e.Order != nil }},
		"enrollment": {hostadapter.Changed(hostadapter.Enrollment{}), func(e hostadapter.Event) bool { return e.Enrollment != nil }},
		"membership": {hostadapter.Changed(hostadapter.Membership{}), func(e hostadapter.Event) bool { return e.Membership != nil }},
		"activity":   {hostadapter.Changed(hostadapter.Activity{}), func(e hostadapter.Event) bool { return e.Activity != nil }},
	} {
		e, fields := tc.event, 0
		for _, set := range []bool{e.Learner != nil, e.Offering != nil, e.Order != nil, e.Enrollment != nil, e.Membership != nil, e.Activity != nil} {
			if set {
				fields++
			}
		}
		if fields != 1 || !tc.set(e) {
			t.Errorf("%s: %d fields are set: %+v", name, fields, e)
		}
	}
}

func TestPaid(t *testing.T) {
	t.Parallel()
	for status, want := range map[hostadapter.OrderStatus]bool{
		hostadapter.OrderPending: false, hostadapter.OrderClosed: false, "": false, "success": false,
		hostadapter.OrderPaid: true, hostadapter.OrderFulfilled: true, hostadapter.OrderFinished: true,
		hostadapter.OrderRefunding: true, hostadapter.OrderRefunded: true,
	} {
		if status.Paid() != want {
			t.Errorf("%q: paid is %t", status, !want)
		}
	}
}

func TestStaffMay(t *testing.T) {
	t.Parallel()
	all := hostadapter.AllPermissions()
	if slices.Sort(all); len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("a permission is listed twice")
	}
	owner, nobody := hostadapter.Staff{Permissions: all}, hostadapter.Staff{}
	for _, p := range all {
		if !owner.May(p) || nobody.May(p) {
			t.Errorf("%s: owner %t, nobody %t", p, owner.May(p), nobody.May(p))
		}
	}
}
