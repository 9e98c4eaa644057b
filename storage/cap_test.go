package storage

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

const day = 24 * time.Hour

// round is one launch of several campaigns in the same second.
type round struct {
	at       time.Time
	capped   map[campaign.ID][]int64 // audiences
	uncapped campaign.ID
}

// TestTwoCampaignsReachNobodyTwice: campaigns with overlapping audiences, launched in one second
// and worked on by processes that fight over every chunk, keep a cap of seven days together.
func TestTwoCampaignsReachNobodyTwice(t *testing.T) {
	t.Parallel()
	const people = 60
	s := newSending(t, crowd(people))
	random := rand.New(rand.NewPCG(11, 7))
	a, b := s.sender("a"), s.sender("b")
	var rounds []round
	for n := range 14 {
		s.now = s.now.Add(time.Duration(1+random.IntN(9)) * day)
		r := round{at: s.now, capped: map[campaign.ID][]int64{}}
		for i := range 2 + random.IntN(2) {
			audience := random.Perm(people)[:1+random.IntN(people)]
			ids := make([]int64, len(audience))
			for j, p := range audience {
				ids[j] = int64(p + 1)
			}
			d := mail(fmt.Sprint(n, "-", i), among(ids...))
			d.CapDays = 7
			if id, err := s.service.Launch(t.Context(), d, marketer); err == nil { // else nobody is left of it
				r.capped[id] = ids
			}
		}
		if random.IntN(2) == 0 {
			r.uncapped = s.launchDraft(t, mail(fmt.Sprint(n, "-free"), among[int64](1, 2, 3, 4, 5)))
		}
		s.together(t, a, b)
		rounds = append(rounds, r)
	}
	checkCaps(t, s, rounds)
}

// TestChunksFoughtOver is the same with audiences of several chunks.
func TestChunksFoughtOver(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1100))
	r := round{at: s.now, capped: map[campaign.ID][]int64{}}
	for i := range 2 {
		var ids []int64
		for p := 1 + i*200; p <= 900+i*200; p++ {
			ids = append(ids, int64(p))
		}
		d := mail(fmt.Sprint(i), among(ids...))
		d.CapDays = 7
		r.capped[s.launchDraft(t, d)] = ids
	}
	line := line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 50}}
	s.together(t, s.senderOver("a", line), s.senderOver("b", line))
	checkCaps(t, s, []round{r})
	if n := s.wire.total(); n != 1100 {
		t.Errorf("%d of 1100 people were reached", n)
	}
}

// contact is a delivery as it ended.
type contact struct {
	LearnerID, CampaignID int64
	State, Reason         string
}

// checkCaps looks at all rounds from the outside.
func checkCaps(t *testing.T, s *sending, rounds []round) {
	t.Helper()
	last := map[int64]time.Time{} // when a person was last reached
	late := 0
	for _, r := range rounds {
		reached := map[int64][]int64{}
		var rows []contact
		if err := s.db.bun.NewRaw("SELECT d.learner_id, d.campaign_id, d.state, d.reason FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id WHERE c.launched_at = ?", r.at).
			Scan(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		touched := map[int64]bool{}
		for _, d := range rows {
			touched[d.LearnerID] = touched[d.LearnerID] || d.State == "accepted"
			switch _, capped := r.capped[campaign.ID(d.CampaignID)]; {
			case d.State == "accepted" && capped:
				reached[d.LearnerID] = append(reached[d.LearnerID], d.CampaignID)
				if before, ok := last[d.LearnerID]; ok && r.at.Sub(before) <= 7*day {
					t.Errorf("person %d is reached by campaign %d %v after another", d.LearnerID, d.CampaignID, r.at.Sub(before))
				}
			case d.State != "accepted" && (d.State != "excluded" || d.Reason != string(campaign.Contacted)):
				t.Errorf("person %d of campaign %d is %s %s", d.LearnerID, d.CampaignID, d.State, d.Reason)
			}
		}
		for id, audience := range r.capped {
			result := s.result(t, id)
			late += int(result.LateOutTotal())
			if int(result.Matched) != len(audience) {
				t.Errorf("campaign %d matched %d of %d people", id, result.Matched, len(audience))
			}
			for _, p := range audience {
				if before, ok := last[p]; !touched[p] && (!ok || r.at.Sub(before) > 7*day) {
					t.Errorf("person %d was reached by nobody", p)
				}
			}
		}
		for p, by := range reached {
			if len(by) > 1 {
				t.Errorf("person %d is reached by %v at once", p, by)
			}
		}
		for p, now := range touched {
			if now {
				last[p] = r.at
			}
		}
	}
	if late == 0 {
		t.Error("no campaign met another: nothing was tested")
	}
	for to, keys := range s.got {
		seen := map[string]bool{}
		for _, key := range keys {
			if seen[key] {
				t.Errorf("%s got %s twice", to, key)
			}
			seen[key] = true
		}
	}
}

// TestDirectMessagesStandOutsideTheCap: they neither obey it nor feed it.
func TestDirectMessagesStandOutsideTheCap(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(2))
	sender := s.sender("a")
	direct := func(key string) campaign.ID {
		t.Helper()
		d := mail(key, among[int64](1))
		d.Direct, d.Name, d.CapDays, d.Control = true, "", 7, 50
		id := s.launchDraft(t, d)
		s.work(t, sender)
		if r := s.result(t, id); r.ByState[campaign.Accepted] != 1 {
			t.Errorf("direct message %s: %+v", key, r)
		}
		return id
	}
	direct("first")
	d := mail("batch", segment.Everyone())
	d.CapDays = 7
	id := s.launchDraft(t, d)
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 2 {
		t.Errorf("a direct message counts for the cap: %+v", r)
	}
	if c := s.campaign(t, direct("second")); c.CapDays != 0 || c.Control != 0 || !c.Direct {
		t.Errorf("direct message is kept as %+v", c)
	}
	if list, _, err := s.service.List(t.Context(), campaign.ListView{Direct: true}, "", 10); err != nil || len(list) != 2 {
		t.Errorf("%d direct messages listed, %v", len(list), err)
	}
}
