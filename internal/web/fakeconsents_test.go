package web

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// record is what people said and which contacts are suppressed.
type record struct {
	said       []campaign.ConsentChange
	suppressed []campaign.Suppression
}

func newRecord(now time.Time) record {
	return record{
		said: []campaign.ConsentChange{
			{Person: 1, Channel: h.ChannelEmail, State: h.ConsentGranted, Source: campaign.FromStaff, ByID: "<b>7</b>", At: now.Add(-40 * time.Hour)},
			{Person: 1, Channel: h.ChannelEmail, State: h.ConsentDenied, Source: campaign.FromOneClick, Campaign: 12, At: now.Add(-20 * time.Minute)},
		},
		suppressed: []campaign.Suppression{
			{Channel: h.ChannelEmail, Contact: "secret77@example.com", Reason: campaign.SuppressedInvalid, Campaign: 12, At: now.Add(-time.Hour)},
			{Channel: h.ChannelSMS, Contact: "13800135621", Reason: campaign.SuppressedComplaint, At: now.Add(-2 * time.Hour)},
			{Channel: h.ChannelSMS, Contact: "13800135622", Reason: campaign.SuppressedImport, At: now.Add(-3 * time.Hour)},
		},
	}
}

func (w *world) newConsents() *campaign.Consents {
	return campaign.NewConsents((*consentStore)(w), w.settings().Secret, cleanContact, func() time.Time { return w.now })
}

type consentStore world

// Recipient knows the first ten recipients of campaign 12.
func (s *consentStore) Recipient(_ context.Context, t campaign.OptOutToken) (campaign.Campaign, segment.PersonID, h.ConsentState, error) {
	if t.Campaign != 12 || t.Ordinal > 9 {
		return campaign.Campaign{}, 0, "", cmp.Or(s.fail, fault.ErrNotFound)
	}
	person, state := segment.PersonID(t.Ordinal+1), h.ConsentState("")
	for _, c := range s.record.said {
		if c.Person == person && c.Channel == h.ChannelEmail {
			state = c.State
		}
	}
	return campaign.Campaign{ID: 12, Channel: h.ChannelEmail}, person, state, s.fail
}

func (s *consentStore) SetConsents(_ context.Context, changes []campaign.ConsentChange) error {
	if s.fail == nil {
		s.record.said = append(s.record.said, changes...)
	}
	return s.fail
}

func (s *consentStore) Consents(_ context.Context, p segment.PersonID, _ int) ([]campaign.ConsentChange, error) {
	var out []campaign.ConsentChange
	for _, c := range slices.Backward(s.record.said) {
		if c.Person == p {
			out = append(out, c)
		}
	}
	return out, s.fail
}

func (s *consentStore) Holders(context.Context, h.Channel, string) ([]segment.PersonID, error) {
	return []segment.PersonID{1}, s.fail
}

func (s *consentStore) Suppress(_ context.Context, list []campaign.Suppression, _ string) (int, error) {
	fresh := 0
	for _, x := range list {
		if !slices.ContainsFunc(s.record.suppressed, func(o campaign.Suppression) bool { return o.Channel == x.Channel && o.Contact == x.Contact }) {
			s.record.suppressed = append(s.record.suppressed, x)
			fresh++
		}
	}
	return fresh, s.fail
}

func (s *consentStore) Unsuppress(_ context.Context, ch h.Channel, contacts []string) (int, error) {
	before := len(s.record.suppressed)
	s.record.suppressed = slices.DeleteFunc(s.record.suppressed, func(o campaign.Suppression) bool { return o.Channel == ch && slices.Contains(contacts, o.Contact) })
	return before - len(s.record.suppressed), s.fail
}

// Suppressions gives two to a page; its cursor holds a contact, as the real one does.
func (s *consentStore) Suppressions(_ context.Context, ch h.Channel, contact, after string, _ int) ([]campaign.Suppression, string, error) {
	var out []campaign.Suppression
	passed := after == ""
	for _, x := range s.record.suppressed {
		if passed && (ch == "" || x.Channel == ch) && (contact == "" || x.Contact == contact) {
			out = append(out, x)
		}
		passed = passed || x.Contact == after
	}
	if len(out) > 2 {
		return out[:2], out[1].Contact, s.fail
	}
	return out, "", s.fail
}

// Clicks implements campaign.ClickStore: 94 people in the first hour, and fewer from then on.
func (s *campaignStore) Clicks(_ context.Context, _ campaign.ID, _ time.Time, hours int) ([]int64, error) {
	if s.result.Clickers == 0 {
		return make([]int64, hours), s.fail
	}
	out := make([]int64, hours)
	for i := range out {
		out[i] = int64(94 / (i + 1))
	}
	out[7] = 0
	return out, s.fail
}

func (s *campaignStore) Targets(_ context.Context, id campaign.ID) ([]campaign.TargetClicks, error) {
	for _, c := range s.campaigns {
		if c.ID == id && c.Tracked {
			return []campaign.TargetClicks{{Target: c.Fill.Link, Hits: s.result.Hits, Clickers: s.result.Clickers}}, s.fail
		}
	}
	return nil, s.fail
}

// otherCampaigns are an SMS campaign with all that can be had, and a message to one person.
func otherCampaigns(now time.Time) []campaign.Campaign {
	return []campaign.Campaign{
		{ID: 13, Key: "m", Channel: h.ChannelMessage, Direct: true, Rule: segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{1}, "")),
			Content: campaign.Content{Text: "你好"}, State: campaign.Done, ByName: "周敏", LaunchedAt: now.Add(-time.Hour), PlannedAt: now.Add(-time.Hour), DoneAt: now.Add(-time.Hour)},
		{ID: 14, Key: "n", Name: "会员续费", Channel: h.ChannelSMS, Rule: segment.Group("all", segment.Condition("query", segment.OpIn, []int64{1}, "")),
			Template: campaign.TemplateRef{ID: 1, Version: 1}, Content: newLetters(now)[0].Content, Fill: campaign.Fill{Link: "https://www.example.com/vip"}, Tracked: true,
			Control: 10, CapDays: 7, Price: 4500, State: campaign.Sending, ByName: "周敏", LaunchedAt: now.Add(-time.Hour), PlannedAt: now.Add(-205 * time.Second),
			Promised: campaign.Sum{Matched: 8211, Sendable: 6640, Excluded: map[campaign.Exclusion]int64{campaign.NotActive: 100, campaign.NotLearner: 12, campaign.NoContact: 1200, campaign.SameContact: 76, campaign.NoConsent: 183}}},
	}
}

// liftGroups are large enough to say something.
func liftGroups() [2]campaign.Group {
	return [2]campaign.Group{{People: 6626, Payers: 430, Sum: 34357000, SumSq: 3e12}, {People: 736, Payers: 20, Sum: 1598000, SumSq: 1.3e11}}
}

// token seals the address of an unsubscribe page.
func (w *world) token(id campaign.ID, ordinal int64) string {
	return campaign.OptOutToken{Campaign: id, Ordinal: ordinal}.Seal(w.settings().Secret)
}
