package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// newCampaigns makes the service over the world's stores.
func (w *world) newCampaigns() *campaign.Service {
	now := func() time.Time { return w.now }
	var list []campaign.Channel
	for _, ch := range w.channels {
		list = append(list, &provider{w, ch})
	}
	return campaign.NewService((*campaignStore)(w), w.newTemplates(), w.newSegments(), list, testLinks{}, w.settings(), now)
}

func (w *world) newTemplates() *campaign.Templates {
	var supplier campaign.Approver
	if w.approval {
		supplier = (*approver)(w)
	}
	return campaign.NewTemplates((*templateStore)(w), supplier, func() time.Time { return w.now }, w.log())
}

func (w *world) settings() campaign.Settings {
	return campaign.Settings{
		Site: campaign.Site{Name: "启明网校", Address: "示例市学院路 1 号", Signature: "启明网校"}, Location: shanghai(), PublicURL: "https://s.example.com",
		CapDays: 7, LateAfter: 30 * time.Minute, Price: 4500, Secret: []byte("secret"), Clean: cleanContact,
		Quiet: map[h.Channel]campaign.QuietHours{h.ChannelSMS: {Start: 21 * time.Hour, End: 8 * time.Hour}},
	}
}

// cleanContact takes anything with an @, and eleven digits.
func cleanContact(ch h.Channel, contact string) string {
	contact = strings.ReplaceAll(strings.TrimSpace(contact), " ", "")
	switch {
	case ch == h.ChannelEmail && strings.Contains(contact, "@"), ch == h.ChannelSMS && len(contact) == 11 && strings.Trim(contact, "0123456789") == "":
		return contact
	}
	return ""
}

type testLinks struct{}

// TestLink implements campaign.TestLinks.
func (testLinks) TestLink(context.Context, string) (string, error) { return "test1234", nil }

// provider takes every message.
type provider struct {
	*world
	ch h.Channel
}

func (p *provider) Name() h.Channel { return p.ch }
func (p *provider) Traits() campaign.Traits {
	return campaign.Traits{BatchSize: 1, Receipts: p.ch != h.ChannelEmail}
}
func (p *provider) Send(_ context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	p.sent = append(p.sent, batch...)
	if p.away {
		return nil, campaign.ErrUnreachable
	}
	return slices.Repeat([]campaign.Outcome{{Kind: campaign.OutcomeAccepted}}, len(batch)), nil
}

type approver world

// Submit implements campaign.Approver.
func (a *approver) Submit(context.Context, h.SMSTemplate) (string, error) {
	return "SMS_3001", a.fail
}

// Approvals implements campaign.Approver.
func (a *approver) Approvals(context.Context, []string) (map[string]h.Approval, error) {
	return nil, a.fail
}

type campaignStore world

func (s *campaignStore) Insert(_ context.Context, c campaign.Campaign) (campaign.ID, error) {
	if id, err := s.Launched(context.Background(), c.Key); err == nil {
		return id, nil
	}
	s.launched = append(s.launched, c)
	delete(s.drafts, c.Key)
	return 12, s.fail
}

func (s *campaignStore) Launched(_ context.Context, key string) (campaign.ID, error) {
	for _, c := range s.launched {
		if c.Key == key {
			return 12, s.fail
		}
	}
	return 0, cmp.Or(s.fail, fault.ErrNotFound)
}

func (s *campaignStore) Find(_ context.Context, id campaign.ID) (campaign.Campaign, error) {
	for _, c := range s.campaigns {
		if c.ID == id {
			return c, s.fail
		}
	}
	return campaign.Campaign{}, fault.ErrNotFound
}

func (s *campaignStore) List(_ context.Context, v campaign.ListView, after string, _ int) ([]campaign.Listed, string, error) {
	if v.Direct {
		return []campaign.Listed{{Campaign: s.campaigns[2], Sendable: 1, Accepted: 1, Settled: 1}}, "", s.fail
	}
	if after != "" {
		return []campaign.Listed{{Campaign: s.campaigns[1], Sendable: 1985, Accepted: 1231, Settled: 1231}}, "", s.fail
	}
	return []campaign.Listed{{Campaign: s.campaigns[0], Sendable: 6626, Accepted: 6390, Settled: 6626, Clickers: 506}}, "11", s.fail
}

func (s *campaignStore) Move(_ context.Context, id campaign.ID, m campaign.Move, now time.Time) (bool, error) {
	if s.rival != nil {
		s.rival()
	}
	for i := range s.campaigns {
		c := &s.campaigns[i]
		if c.ID != id || !slices.Contains(m.From, c.State) {
			continue
		}
		c.State, c.Stalled = m.To, m.Stall
		if m.To == campaign.CalledOff {
			c.DoneAt = now
		}
		s.moves = append(s.moves, m)
		return true, s.fail
	}
	return false, s.fail
}

func (s *campaignStore) Result(context.Context, campaign.ID, time.Duration) (campaign.Result, error) {
	return s.result, s.fail
}

func (s *campaignStore) Groups(context.Context, campaign.ID, time.Duration, time.Time) (sent, control campaign.Group, err error) {
	return s.groups[0], s.groups[1], s.fail
}

func (s *campaignStore) Recipients(_ context.Context, _ campaign.ID, v campaign.RecipientView, after string, _ int) ([]campaign.Recipient, string, error) {
	rows := []campaign.Recipient{
		{Ordinal: 1, Person: 1, Name: "许知夏", State: campaign.Accepted, AcceptedAt: s.now.Add(-34 * time.Minute), ClickedAt: s.now.Add(-20 * time.Minute)},
		{Ordinal: 2, Person: 2, Name: "<script>alert(1)</script>", State: campaign.Failed, Reason: string(campaign.ReasonRejected)},
		{Ordinal: 3, Person: 3, Name: "王思齐", State: campaign.Unknown, Reason: string(campaign.ReasonCrash)},
		{Ordinal: 4, Person: 4, Name: "赵一鸣", State: campaign.Excluded, Reason: string(campaign.NoConsent)},
		{Ordinal: 5, Person: 5, Name: "何佳宁", State: campaign.Queued, Reason: string(campaign.ReasonTemporary)},
		{Ordinal: 6, Person: 6, Name: "孙悦", State: campaign.Delivered, AcceptedAt: s.now.Add(-33 * time.Minute)},
	}
	if after != "" {
		return rows[:1], "", s.fail
	}
	if len(v.States) == 1 && v.States[0] == campaign.Unknown {
		return nil, "", s.fail
	}
	return rows, "6", s.fail
}

// DryRun answers with the world's sum, and notes what was asked.
func (s *campaignStore) DryRun(_ context.Context, v campaign.Sieve, _ time.Time) (campaign.Sum, error) {
	s.sieves = append(s.sieves, v)
	if s.slow != 0 {
		return campaign.Sum{}, fault.ErrUnavailable
	}
	return s.sum, s.fail
}

func (s *campaignStore) Sample(context.Context, campaign.Sieve, time.Time, int) ([]campaign.Addressee, error) {
	var out []campaign.Addressee
	if s.slow != 0 {
		return nil, fault.ErrUnavailable
	}
	for _, p := range s.people[:min(3, len(s.people))] {
		out = append(out, campaign.Addressee{Person: p.ID, Contact: p.Email, Values: campaign.Values{"real_name": p.RealName, "nickname": p.Nickname}})
	}
	return out, s.fail
}

func (s *campaignStore) Sifted(_ context.Context, _ campaign.Sieve, _ time.Time, e campaign.Exclusion, after string, _ int) ([]campaign.Recipient, string, error) {
	if after != "" {
		return []campaign.Recipient{{Ordinal: 3, Person: 3, Name: "王思齐", Reason: string(e)}}, "", s.fail
	}
	return []campaign.Recipient{{Ordinal: 1, Person: 1, Name: "许知夏", Reason: string(e)}, {Ordinal: 2, Person: 2, Name: "<script>alert(1)</script>", Reason: string(e)}}, "2", s.fail
}

func (s *campaignStore) Longest(context.Context, campaign.Sieve, time.Time) (campaign.Values, error) {
	return campaign.Values{"nickname": "一个很长很长的用户名", "real_name": "欧阳若兰"}, s.fail
}

func (s *campaignStore) SaveDraft(_ context.Context, d campaign.Draft) error {
	if _, err := s.Launched(context.Background(), d.Key); err == nil {
		return fault.ErrConflict
	}
	s.drafts[d.Key] = d
	return s.fail
}

func (s *campaignStore) FindDraft(_ context.Context, key string) (campaign.Draft, error) {
	d, ok := s.drafts[key]
	if !ok {
		return d, cmp.Or(s.fail, fault.ErrNotFound)
	}
	return d, s.fail
}

func (s *campaignStore) DropDraft(_ context.Context, key string) error {
	delete(s.drafts, key)
	return s.fail
}

func (s *campaignStore) ListDrafts(_ context.Context, byID string, _ int) ([]campaign.Draft, error) {
	var out []campaign.Draft
	for _, d := range s.drafts {
		if d.ByID == byID {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b campaign.Draft) int { return cmp.Or(b.SavedAt.Compare(a.SavedAt), cmp.Compare(a.Key, b.Key)) })
	return out, s.fail
}

func (s *campaignStore) InsertTest(_ context.Context, t campaign.Test) (int64, bool, error) {
	for _, old := range s.tests {
		if old.Key == t.Key {
			return old.ID, false, s.fail
		}
	}
	t.ID = int64(len(s.tests) + 1)
	s.tests = append(s.tests, t)
	return t.ID, true, s.fail
}

func (s *campaignStore) FinishTest(_ context.Context, t campaign.Test) error {
	s.tests[t.ID-1] = t
	return s.fail
}

func (s *campaignStore) ListTests(_ context.Context, draftKey string, _ int) ([]campaign.Test, error) {
	var out []campaign.Test
	for _, t := range slices.Backward(s.tests) {
		if t.DraftKey == draftKey {
			out = append(out, t)
		}
	}
	return out, s.fail
}
