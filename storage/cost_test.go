package storage

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// TestCostIsEnough: no message of a campaign costs more than the estimate says, and the longest one
// costs just that, whatever the names are made of.
func TestCostIsEnough(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("a", 61), strings.Repeat("a", 25)} { // more characters than any other name, and fewer bytes
		random := rand.New(rand.NewPCG(6, 7))
		seed := reachable(40)
		for i := range seed.Learners {
			letter := []string{"a", "王", "é", "🎓"}[random.IntN(4)]
			seed.Learners[i].Nickname = strings.Repeat(letter, 1+random.IntN(20))
		}
		seed.Learners[7].Nickname = name
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkCost(t, newSending(t, seed))
		})
	}
}

func checkCost(t *testing.T, s *sending) {
	t.Helper()
	sms := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 10}}
	s.serve(sms)
	longest := 0
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		longest = max(longest, campaign.SMSUnits(m.Text))
		return campaign.OutcomeAccepted
	}
	d := short("k", h.ChannelSMS, segment.Everyone())
	d.Content.Text = "{{ 用户名 }}，今晚开课"
	cost, err := s.service.Cost(t.Context(), d, campaign.Sum{Sendable: 40})
	if err != nil {
		t.Fatal(err)
	}
	id := s.launchDraft(t, d)
	s.work(t, s.senderOver("a", sms))
	r := s.result(t, id)
	if r.ByState[campaign.Accepted] != 40 || cost.Units != longest || cost.Parts != campaign.SMSParts(longest) || cost.Total != 40*int64(cost.Parts) || r.Parts > cost.Total {
		t.Errorf("estimated %+v, the longest had %d units, %d parts were sent", cost, longest, r.Parts)
	}
}
