package hosttest

import (
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Run checks a host against the contract of package hostadapter. newHost returns a host holding
// exactly seed. It is called twice, with [SmallSeed] and with an empty seed; the first host is
// not used any more when the second is asked for, so both may live in the same tables.
//
// Each feed and each source is a subtest, and each rule a subtest of that. An optional source
// that the host does not offer is skipped, and the skip says so.
func Run(t *testing.T, newHost func(t *testing.T, seed Seed) hostadapter.HostAdapter) {
	t.Helper()
	RunWith(t, Options{}, newHost)
}

// RunWith is [Run] for a host that cannot hold all of the seed or chooses ids itself.
func RunWith(t *testing.T, opts Options, newHost func(t *testing.T, seed Seed) hostadapter.HostAdapter) {
	t.Helper()
	run(testingT{t}, opts, func(seed Seed) hostadapter.HostAdapter {
		t.Helper()
		return newHost(t, seed)
	})
}

func run(t reporter, opts Options, newHost func(Seed) hostadapter.HostAdapter) {
	t.Helper()
	if err := opts.validate(); err != nil {
		t.Fatalf("%v", err)
	}
	seed := SmallSeed()
	if opts.Seed != nil {
		seed = *opts.Seed
	}
	host := newHost(seed)
	if host == nil {
		t.Fatalf("newHost returned nil")
	}
	// Ids are translated after newHost: a host may choose them while it takes the seed in.
	seed = translate(seed, opts.IDs)
	for _, feed := range feeds(host, seed) {
		feed.check(t, opts)
	}
	checkConsents(t, opts, host, seed)
	checkTotals(t, opts, host)
	checkLinks(t, opts, host, seed)
	checkStaff(t, opts, host)
	checkMessages(t, opts, host, seed)
	checkSMS(t, opts, host)

	empty := newHost(Seed{})
	if empty == nil {
		t.Fatalf("newHost returned nil for an empty seed")
	}
	for _, feed := range feeds(empty, Seed{}) {
		feed.checkEmpty(t, opts)
	}
}

// anyFeed is a feedCase of any row type.
type anyFeed interface {
	check(reporter, Options)
	checkEmpty(reporter, Options)
}

// feeds lists the host's feeds, each with the rows it owes. An optional one that the host does
// not offer has no read.
func feeds(host hostadapter.HostAdapter, seed Seed) []anyFeed {
	memberships := &feedCase[hostadapter.Membership]{kind: membershipKind, feed: "Memberships", source: "MembershipSource", seed: seed.Memberships, rules: membershipRules}
	activities := &feedCase[hostadapter.Activity]{kind: activityKind, feed: "Activities", source: "ActivitySource", seed: seed.Activities, rules: activityRules}
	offered := hostadapter.CapabilitiesOf(host)
	if offered.Memberships != nil {
		memberships.read = offered.Memberships.Memberships
	}
	if offered.Activities != nil {
		activities.read = offered.Activities.Activities
	}
	return []anyFeed{
		&feedCase[hostadapter.Learner]{kind: learnerKind, feed: "Learners", read: host.Learners, seed: seed.Learners, rules: learnerRules},
		&feedCase[hostadapter.Offering]{kind: offeringKind, feed: "Offerings", read: host.Offerings, seed: seed.Offerings, rules: offeringRules},
		&feedCase[hostadapter.Order]{kind: orderKind, feed: "Orders", read: host.Orders, seed: seed.Orders, rules: orderRules},
		&feedCase[hostadapter.Enrollment]{kind: enrollmentKind, feed: "Enrollments", read: host.Enrollments, seed: seed.Enrollments, rules: enrollmentRules},
		memberships,
		activities,
	}
}
