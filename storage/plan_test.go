package storage

import (
	"fmt"
	"slices"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

func TestCampaignReachesEverybodyOnce(t *testing.T) {
	t.Parallel()
	seed := hosttest.SmallSeed()
	s := newSending(t, seed)
	id := s.launch(t, "k", segment.Everyone())
	if again := s.launch(t, "k", segment.Everyone()); again != id {
		t.Errorf("the same key launched twice: %d and %d", id, again)
	}
	sum, err := s.service.DryRun(t.Context(), mail("", segment.Everyone()))
	if err != nil {
		t.Fatal(err)
	}
	s.work(t, s.sender("a"))
	r := s.result(t, id)
	if fmt.Sprint(r.Sum) != fmt.Sprint(sum) {
		t.Errorf("dry run said %+v, planning %+v", sum, r.Sum)
	}
	if r.ByState[campaign.Accepted] != r.Sendable || int(r.Sendable) != len(s.got) {
		t.Errorf("%d of %d accepted, %d addresses reached", r.ByState[campaign.Accepted], r.Sendable, len(s.got))
	}
	for to, keys := range s.got {
		if len(keys) != 1 {
			t.Errorf("%s got %d messages", to, len(keys))
		}
	}
	if c, err := s.service.Find(t.Context(), id); err != nil || c.State != campaign.Done || c.DoneAt.IsZero() {
		t.Errorf("campaign is %+v, %v", c.State, err)
	}
}

// TestExclusionsFollowTheText compares the sieve with the rules of DOMAIN §3 written in Go.
func TestExclusionsFollowTheText(t *testing.T) {
	t.Parallel()
	s := newSending(t, hosttest.SmallSeed())
	sum, err := s.service.DryRun(t.Context(), mail("", segment.Group("all", segment.Condition("status", segment.OpNotIn, []string{"nothing"}, ""))))
	if err != nil {
		t.Fatal(err)
	}
	want := map[campaign.Exclusion]int64{}
	var matched, sendable int64
	taken := map[string]bool{}
	for _, l := range s.Snapshot().Learners { // in the order of their ids, as our own ids were given
		if l.Deleted || l.Status == h.LearnerDeleted {
			continue
		}
		matched++
		email := s.syncer.Contacts.UsableEmail(l.Email)
		switch {
		case l.Status != h.LearnerActive:
			want[campaign.NotActive]++
		case slices.ContainsFunc(l.Roles, func(r h.Role) bool { return r != h.RoleStudent }):
			want[campaign.NotLearner]++
		case email == "":
			want[campaign.NoContact]++
		case taken[email]:
			want[campaign.SameContact]++
		case l.Consent[h.ChannelEmail] == h.ConsentDenied:
			want[campaign.NoConsent]++
		default:
			taken[email] = true
			sendable++
		}
	}
	if sum.Matched != matched || sum.Sendable != sendable || fmt.Sprint(sum.Excluded) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %d matched, %d to be sent, %v", sum, matched, sendable, want)
	}
	for _, e := range []campaign.Exclusion{campaign.NotActive, campaign.NotLearner, campaign.NoContact, campaign.SameContact, campaign.NoConsent} {
		if want[e] == 0 {
			t.Errorf("the seed has nobody excluded as %s", e)
		}
	}
}
