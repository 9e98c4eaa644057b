package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// line is a wire of any channel.
type line struct {
	*wire
	name   h.Channel
	traits campaign.Traits
	reason campaign.Reason // of what it refuses for good
}

func (l line) Name() h.Channel         { return l.name }
func (l line) Traits() campaign.Traits { return l.traits }

func (l line) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	out, err := l.wire.Send(ctx, batch)
	for i := range out {
		if out[i].Kind == campaign.OutcomePermanent {
			out[i].Reason = l.reason
		}
	}
	return out, err
}

// total is how many messages arrived, whoever got them.
func (w *wire) total() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, keys := range w.got {
		n += len(keys)
	}
	return n
}

// set changes the wire while others use it.
func (w *wire) set(change func(w *wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// reachable makes a seed of n learners with an address and a number each.
func reachable(n int) hosttest.Seed {
	seed := crowd(n)
	for i := range seed.Learners {
		seed.Learners[i].Mobile, seed.Learners[i].MobileVerified = fmt.Sprint(13800000000+i+1), true
	}
	return seed
}

// senderFor makes a sender whose configuration a test changes.
func (s *sending) senderFor(owner string, ch campaign.Channel, change func(*campaign.SenderConfig)) *campaign.Sender {
	c := campaign.SenderConfig{Ledger: &Campaigns{DB: s.db, Currency: "CNY"}, Segments: s.segments, Channels: []campaign.Channel{ch},
		Codes: s.ring, Settings: s.set, Owner: owner, Now: s.clock, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	return campaign.NewSender(c)
}

// short is a draft of an SMS or a private message to the people of a rule.
func short(key string, ch h.Channel, r segment.Rule) campaign.Draft {
	d := campaign.Draft{Key: key, Name: "返场", Channel: ch, Rule: r, ByID: marketer.ID, Content: campaign.Content{Text: "今晚八点开课"}}
	if ch == h.ChannelMessage {
		d.Content.From = marketer.ID
	}
	return d
}

// among is the rule of people by our ids.
func among[T ~int64](ids ...T) segment.Rule {
	return segment.Group("all", segment.Condition("learner", segment.OpIn, ids, ""))
}

// together lets several senders fight over all work, each task being done by every one of them,
// until nothing is due.
func (s *sending) together(t testing.TB, senders ...*campaign.Sender) {
	t.Helper()
	var wg sync.WaitGroup
	for _, sender := range senders {
		wg.Go(func() {
			for {
				due, err := sender.Due(t.Context(), 100)
				if err != nil {
					t.Error(err)
					return
				}
				if len(due) == 0 {
					return
				}
				for _, w := range due {
					if err := sender.Do(t.Context(), w); err != nil && !errors.Is(err, fault.ErrUnavailable) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	s.work(t, senders[0]) // what the last one held while the others looked
}

// exec runs a statement.
func (s *sending) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := s.db.bun.NewRaw(query, args...).Exec(t.Context()); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// state tells what became of a person's delivery, with its reason: "accepted", "excluded contacted".
func (s *sending) stateOf(t testing.TB, id campaign.ID, learner string) string {
	t.Helper()
	return s.text(t, `SELECT rtrim(d.state || ' ' || d.reason) FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id
		WHERE d.campaign_id = ? AND l.nickname = ?`, int64(id), learner)
}

// person gives our id of the host's n-th learner.
func (s *sending) person(t testing.TB, n int) segment.PersonID {
	t.Helper()
	id, err := strconv.ParseInt(s.text(t, "SELECT id::text FROM crm_learners WHERE host_id = ?", fmt.Sprint(n)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return segment.PersonID(id)
}

// campaign gives a campaign.
func (s *sending) campaign(t testing.TB, id campaign.ID) campaign.Campaign {
	t.Helper()
	c, err := s.service.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
