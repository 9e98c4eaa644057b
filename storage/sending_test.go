package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// wire is the far end of a channel: it remembers what reached it and answers as a test tells it.
type wire struct {
	mu     sync.Mutex
	got    map[string][]string // by address: the message keys that arrived
	answer func(m campaign.Message) campaign.OutcomeKind
	fail   error
	die    func(n int) // called before the n-th message
	n      int
}

func (w *wire) Name() h.Channel         { return h.ChannelEmail }
func (w *wire) Traits() campaign.Traits { return campaign.Traits{BatchSize: 8} }

func (w *wire) Send(_ context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return nil, w.fail
	}
	var out []campaign.Outcome
	for _, m := range batch {
		w.n++
		if w.die != nil {
			w.die(w.n)
		}
		kind := campaign.OutcomeAccepted
		if w.answer != nil {
			kind = w.answer(m)
		}
		if kind == campaign.OutcomeAccepted || kind == campaign.OutcomeUnknown {
			if w.got == nil {
				w.got = map[string][]string{}
			}
			w.got[m.To] = append(w.got[m.To], m.Key)
		}
		out = append(out, campaign.Outcome{Kind: kind})
	}
	return out, nil
}

// sending is a school with everything a campaign needs.
type sending struct {
	*school
	*wire
	segments  *segment.Service
	service   *campaign.Service
	set       campaign.Settings
	templates *campaign.Templates
	consents  *campaign.Consents
	*following
}

func newSending(t testing.TB, seed hosttest.Seed) *sending {
	t.Helper()
	s := &sending{school: newSchool(t, seed), wire: &wire{}}
	s.sync(t)
	s.segments = segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, s.clock)
	s.following = newFollowing(t, s.db, s.clock)
	s.set = campaign.Settings{Site: campaign.Site{Name: "启明网校", Signature: "启明网校"}, Location: time.UTC, PublicURL: "https://s.example/go", Secret: []byte("secret"),
		Clean: s.syncer.Contacts.Clean}
	s.templates = campaign.NewTemplates(&Templates{s.db}, nil, s.clock, slog.New(slog.DiscardHandler))
	s.consents = campaign.NewConsents(&Campaigns{DB: s.db}, s.set.Secret, s.set.Clean, s.clock)
	s.serve(s.wire)
	return s
}

func (s *sending) clock() time.Time { return s.now }

func (s *sending) sender(owner string) *campaign.Sender { return s.senderOver(owner, s.wire) }

// serve makes the service over channels.
func (s *sending) serve(channels ...campaign.Channel) {
	s.service = campaign.NewService(&Campaigns{DB: s.db, Currency: "CNY"}, s.templates, s.segments, channels, s.links, s.set, s.clock)
}

// senderOver sends over another channel.
func (s *sending) senderOver(owner string, ch campaign.Channel) *campaign.Sender {
	return campaign.NewSender(campaign.SenderConfig{Ledger: &Campaigns{DB: s.db, Currency: "CNY"}, Segments: s.segments, Channels: []campaign.Channel{ch},
		Codes: s.ring, Settings: s.set, Owner: owner, Now: s.clock, Log: slog.New(slog.DiscardHandler)})
}

// marketer is who launches.
var marketer = h.Staff{ID: "1", Name: "周敏", Scope: h.ScopeAll}

// mail is a draft of an e-mail to the people of a rule.
func mail(key string, r segment.Rule) campaign.Draft {
	return campaign.Draft{Key: key, Name: "返场", Channel: h.ChannelEmail, Rule: r, ByID: marketer.ID,
		Content: campaign.Content{Subject: "{{ 用户名 | default: '同学' }}，你好", Blocks: []campaign.Block{{Kind: campaign.BlockText, Text: "看看 {{ 链接 }}"}}},
		Fill:    campaign.Fill{Link: "https://learn.example/courses/1"}}
}

func (s *sending) launch(t testing.TB, key string, r segment.Rule) campaign.ID {
	t.Helper()
	return s.launchDraft(t, mail(key, r))
}

func (s *sending) launchDraft(t testing.TB, d campaign.Draft) campaign.ID {
	t.Helper()
	id, err := s.service.Launch(t.Context(), d, marketer)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// work does everything that is due, until nothing is.
func (s *sending) work(t testing.TB, sender *campaign.Sender) {
	t.Helper()
	for {
		due, err := sender.Due(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			if err := sender.Do(t.Context(), w); err != nil && !errors.Is(err, fault.ErrConflict) {
				t.Fatal(err)
			}
		}
	}
}

func (s *sending) result(t testing.TB, id campaign.ID) campaign.Result {
	t.Helper()
	r, err := s.service.Result(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for state, n := range r.ByState {
		if state != campaign.Excluded {
			sum += n
		}
	}
	sum += r.LateOutTotal()
	if r.Matched != r.ExcludedTotal()+sum || r.Sendable != sum || r.ByState[campaign.Excluded] != r.ExcludedTotal()+r.LateOutTotal() {
		t.Errorf("sums do not close: %+v", r)
	}
	return r
}

// people makes a seed of n learners who can be reached by e-mail.
func crowd(n int) hosttest.Seed {
	var seed hosttest.Seed
	for i := range n {
		at := hosttest.SeedTime().Add(time.Duration(i) * time.Second)
		seed.Learners = append(seed.Learners, h.Learner{ID: h.LearnerID(fmt.Sprint(i + 1)), Nickname: fmt.Sprintf("learner%d", i+1),
			Email: fmt.Sprintf("learner%d@example.com", i+1), EmailVerified: true, Status: h.LearnerActive,
			RegisteredAt: at, UpdatedAt: at})
	}
	return seed
}
