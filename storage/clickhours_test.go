package storage

import (
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// TestClickTimes counts each recipient once, in the hour of their first human click.
func TestClickTimes(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(10))
	s.now = time.Date(2026, 11, 20, 11, 40, 0, 0, time.UTC)
	d := mail("k", segment.Everyone())
	d.Content.Blocks = append(d.Content.Blocks, campaign.Block{Kind: campaign.BlockButton, Text: "去看", URL: "https://learn.example/courses/2"})
	id := s.launchDraft(t, d)
	c := find(t, s, id)
	if times, err := s.service.ClickTimes(t.Context(), c); err != nil || times.People != nil {
		t.Errorf("before planning: %+v, %v", times, err)
	}
	s.work(t, s.sender("a"))
	var first []int64
	if err := s.db.bun.NewRaw("SELECT first FROM crm_links WHERE campaign_id = ? AND kind = 'campaign' ORDER BY id", int64(id)).Scan(t.Context(), &first); err != nil || len(first) != 2 {
		t.Fatal(first, err)
	}
	hit := func(minutes, link int, ordinal int64, agent string) {
		t.Helper()
		s.now = time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
		if _, err := s.links.Follow(t.Context(), s.code(t, first[link]+ordinal), visit(agent)); err != nil {
			t.Fatal(err)
		}
	}
	hit(45, 0, 0, "curl/8.0") // no person
	hit(50, 0, 1, person)
	hit(55, 1, 1, person) // the same person
	hit(60, 0, 2, person) // the next hour begins
	hit(200, 0, 0, person)
	hit(201, 1, 2, person)
	hit(48*60-1, 1, 3, person)
	hit(48*60, 1, 4, person) // past the last hour
	s.judge(t)
	times, err := s.service.ClickTimes(t.Context(), find(t, s, id))
	if err != nil || !times.From.Equal(time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)) || len(times.People) != campaign.ClickHours {
		t.Fatalf("%+v, %v", times, err)
	}
	want := make([]int64, campaign.ClickHours)
	want[0], want[1], want[3], want[47] = 1, 1, 1, 1
	if !slices.Equal(times.People, want) {
		t.Errorf("people by hour %v", times.People)
	}
	targets, err := s.service.Targets(t.Context(), id)
	if want := []campaign.TargetClicks{{Target: "https://learn.example/courses/1", Hits: 4, Clickers: 3}, {Target: "https://learn.example/courses/2", Hits: 4, Clickers: 4}}; err != nil || !slices.Equal(targets, want) {
		t.Errorf("targets %+v, %v", targets, err)
	}
}

func find(t *testing.T, s *sending, id campaign.ID) campaign.Campaign {
	t.Helper()
	c, err := s.service.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryNumberOpensItsPeople walks each filter and reason and finds as many people as the
// result counts.
func TestEveryNumberOpensItsPeople(t *testing.T) {
	t.Parallel()
	seed := crowd(12)
	seed.Learners[10].Status = h.LearnerLocked
	seed.Learners[11].Email = seed.Learners[0].Email
	s := newSending(t, seed)
	n := 0
	s.answer = func(campaign.Message) campaign.OutcomeKind {
		n++
		switch n % 4 {
		case 0:
			return campaign.OutcomePermanent
		case 1:
			return campaign.OutcomeUnknown
		}
		return campaign.OutcomeAccepted
	}
	id := s.launch(t, "k", segment.Everyone())
	s.workOnce(t) // planned, not sent
	holders, err := (&Campaigns{DB: s.db}).Holders(t.Context(), h.ChannelEmail, "learner3@example.com")
	if err != nil || len(holders) != 1 {
		t.Fatal(holders, err)
	}
	if err := s.consents.Set(t.Context(), holders[0], h.ChannelEmail, h.ConsentDenied, marketer); err != nil {
		t.Fatal(err)
	}
	s.work(t, s.sender("a"))
	r := s.result(t, id)
	if r.ExcludedTotal() == 0 || r.LateOutTotal() != 1 || r.ByState[campaign.Failed] == 0 || r.ByState[campaign.Unknown] == 0 {
		t.Fatalf("the figures miss what this is about: %+v", r)
	}
	ask := func(f campaign.Filter, reason string, want int64) {
		t.Helper()
		var got int64
		for _, err := range s.service.EachRecipient(t.Context(), id, f, reason) {
			if err != nil {
				t.Fatal(err)
			}
			got++
		}
		if got != want {
			t.Errorf("%q %q lists %d people, the number is %d", f, reason, got, want)
		}
	}
	ask(campaign.FilterAll, "", r.Matched)
	ask(campaign.FilterAccepted, "", r.AcceptedTotal())
	ask(campaign.FilterUnclicked, "", r.AcceptedTotal())
	ask(campaign.FilterClicked, "", 0)
	ask(campaign.FilterFailed, "", r.ByState[campaign.Failed])
	ask(campaign.FilterUnknown, "", r.ByState[campaign.Unknown])
	ask(campaign.FilterExcluded, "", r.ExcludedTotal())
	ask(campaign.FilterLate, "", r.LateOutTotal())
	for _, e := range campaign.Exclusions() {
		ask(campaign.FilterExcluded, string(e), r.Excluded[e])
		ask(campaign.FilterLate, string(e), r.LateOut[e])
	}
	for _, reason := range campaign.Reasons() {
		ask(campaign.FilterFailed, string(reason), r.ByReason[reason]*b2i(reason != campaign.ReasonBroken))
		ask(campaign.FilterUnknown, string(reason), r.ByReason[reason]*b2i(reason == campaign.ReasonBroken))
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// workOnce does what is due now and nothing that comes of it.
func (s *sending) workOnce(t *testing.T) {
	t.Helper()
	sender := s.sender("a")
	due, err := sender.Due(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range due {
		if err := sender.Do(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTokenOfATest opens no recipient and changes nothing.
func TestTokenOfATest(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	token := campaign.OptOutToken{}.Seal(s.set.Secret)
	o, err := s.consents.Find(t.Context(), token)
	if err != nil || !o.Test {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err = s.consents.Answer(t.Context(), token, h.ConsentDenied, campaign.FromOneClick); err != nil || o.Out {
		t.Errorf("answered: %+v, %v", o, err)
	}
	if got := s.text(t, "SELECT count(*)::text FROM crm_consents"); got != "0" {
		t.Errorf("%s entries", got)
	}
}

// TestDossierTellsWhoDenied keeps the host's word apart from ours.
func TestDossierTellsWhoDenied(t *testing.T) {
	t.Parallel()
	seed := crowd(1)
	seed.Learners[0].Consent = h.Consent{h.ChannelEmail: h.ConsentDenied}
	s := newSending(t, seed)
	holders, err := (&Campaigns{DB: s.db}).Holders(t.Context(), h.ChannelEmail, "learner1@example.com")
	if err != nil || len(holders) != 1 {
		t.Fatal(holders, err)
	}
	for _, ch := range []h.Channel{h.ChannelEmail, h.ChannelMessage} {
		if err := s.consents.Set(t.Context(), holders[0], ch, h.ConsentDenied, marketer); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.consents.Set(t.Context(), holders[0], h.ChannelEmail, h.ConsentGranted, marketer); err != nil {
		t.Fatal(err)
	}
	if _, err := s.consents.Import(t.Context(), "learner1@example.com", marketer); err != nil {
		t.Fatal(err)
	}
	d, err := (&Dossiers{s.db}).Head(t.Context(), holders[0], dossier.Terms{Now: s.now, Window: time.Hour, Location: time.UTC, Currency: "CNY"})
	if err != nil {
		t.Fatal(err)
	}
	if d.Consent[h.ChannelEmail] != h.ConsentDenied || d.HostConsent[h.ChannelEmail] != h.ConsentDenied ||
		d.Consent[h.ChannelMessage] != h.ConsentDenied || d.HostConsent[h.ChannelMessage] == h.ConsentDenied || !d.EmailDead || d.EmailUsable || d.MobileDead {
		t.Errorf("%+v", d)
	}
}
