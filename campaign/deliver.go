package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/shortlink"
)

// send hands a batch over and turns what the channel says into outcomes. A stall is given when
// the provider took none; then all wait for another try.
func (s *Sender) send(ctx context.Context, ch Channel, r *writer, batch []Addressee) ([]Attempt, Stall) {
	batch, outcomes, err := s.askHost(ctx, ch.Name(), batch)
	if err != nil {
		s.Log.WarnContext(ctx, "campaign: the host does not say who has opted out", "campaign", r.claim.Campaign.ID, "err", err)
		return append(outcomes, s.putBack(batch, ReasonTemporary)...), StallConsent
	}
	var messages []Message
	var to []Addressee
	for _, a := range batch {
		m, reason := r.message(ctx, a)
		if reason != NoReason {
			outcomes = append(outcomes, Attempt{Ordinal: a.Ordinal, Try: a.Tries, State: Failed, Reason: reason})
			continue
		}
		messages, to = append(messages, m), append(to, a)
	}
	if len(messages) == 0 {
		return outcomes, NotStalled
	}
	answers, err := ch.Send(ctx, messages)
	if err != nil {
		s.Log.WarnContext(ctx, "campaign: provider failing", "campaign", r.claim.Campaign.ID, "err", err)
		return append(outcomes, s.putBack(to, ReasonTemporary)...), stallOf(err)
	}
	idempotent := ch.Traits().Idempotent
	taken, silent := 0, 0
	for i, a := range to {
		answer := Outcome{} // unknown, should a channel ever answer for fewer than it was given
		if i < len(answers) {
			answer = answers[i]
		}
		out := judge(a, answer, idempotent, s.Now())
		switch {
		case answer.Kind == OutcomeUnknown:
			silent++
		case answer.Kind == OutcomePermanent: // whatever the reason: a wrong setting may make every number invalid
			r.refused++
		case out.State == Accepted:
			taken++
			if ch.Name() == h.ChannelSMS {
				out.Parts = SMSParts(SMSUnits(messages[i].Text))
			}
		}
		outcomes = append(outcomes, out)
	}
	if taken > 0 {
		r.refused = 0
	}
	switch {
	case silent == len(to) && idempotent && silent >= max(2, min(rejecting, size(ch.Traits(), false))):
		// They may be handed over again, and none of this counts as a try. Of fewer than a batch it
		// does: a few messages that the provider never answers for must not be tried for ever.
		return append(outcomes[:len(outcomes)-len(to)], s.putBack(to, ReasonBroken)...), StallUnreachable
	case silent >= rejecting && taken == 0:
		return outcomes, StallUnanswered
	case r.refused >= rejecting:
		return outcomes, StallRejecting
	}
	return outcomes, NotStalled
}

func stallOf(err error) Stall {
	if errors.Is(err, ErrRefused) {
		return StallRefused
	}
	return StallUnreachable
}

// putBack queues people again who never came to a try; ReasonBroken leaves them in doubt.
func (s *Sender) putBack(batch []Addressee, why Reason) []Attempt {
	out := make([]Attempt, len(batch))
	for i, a := range batch {
		out[i] = Attempt{Ordinal: a.Ordinal, Try: a.Tries, State: Queued, Reason: why, NextAt: s.Now(), Untried: true}
	}
	return out
}

// askHost leaves out who told the host that they do not want to be written to.
func (s *Sender) askHost(ctx context.Context, ch h.Channel, batch []Addressee) ([]Addressee, []Attempt, error) {
	if s.Consent == nil || len(batch) == 0 {
		return batch, nil, nil
	}
	ids := make([]h.LearnerID, len(batch))
	for i, a := range batch {
		ids[i] = a.HostID
	}
	said, err := s.Consent.Consents(ctx, ids)
	if err != nil {
		return batch, nil, err
	}
	var out []Attempt
	var changes []ConsentChange
	left := slices.DeleteFunc(slices.Clone(batch), func(a Addressee) bool {
		if said[a.HostID][ch] != h.ConsentDenied {
			return false
		}
		out = append(out, Attempt{Ordinal: a.Ordinal, Try: a.Tries, State: Excluded, Reason: Reason(NoConsent)})
		changes = append(changes, ConsentChange{Person: a.Person, Channel: ch, State: h.ConsentDenied, Source: FromHost, At: s.Now()})
		return true
	})
	if err := s.Ledger.SetConsents(ctx, changes); err != nil {
		return batch, nil, err
	}
	return left, out, nil
}

// judge decides what becomes of a delivery. Temporary failures wait 15 s, 30 s, 1 min, 2 min. Of a
// message whose fate nobody knows another try is made only where the provider knows it by its key.
func judge(a Addressee, o Outcome, idempotent bool, now time.Time) Attempt {
	out := Attempt{Ordinal: a.Ordinal, Try: a.Tries}
	switch {
	case o.Kind == OutcomeAccepted:
		out.State, out.ProviderID = Accepted, cut(o.ProviderID, 100)
	case o.Kind == OutcomePermanent:
		out.State, out.Reason = Failed, o.reason()
	case o.Kind == OutcomeTemporary && o.Untried:
		out.State, out.Reason, out.NextAt, out.Untried = Queued, ReasonTemporary, now, true
	case o.Kind != OutcomeTemporary && !idempotent || o.Kind != OutcomeTemporary && a.Tries >= maxTries:
		out.State, out.Reason = Unknown, ReasonBroken
	case a.Tries >= maxTries:
		out.State, out.Reason = Failed, ReasonGaveUp
	case o.Kind != OutcomeTemporary: // in doubt
		out.State, out.Reason, out.NextAt = Queued, ReasonBroken, now.Add(time.Second<<(a.Tries-1))
	default:
		out.State, out.Reason, out.NextAt = Queued, ReasonTemporary, now.Add(firstRetry<<(a.Tries-1))
	}
	return out
}

// writer makes the messages of one campaign.
type writer struct {
	s      *Sender
	claim  Claim
	letter *Letter
	keys   Keys
	// refused counts what the provider refused since it last took something.
	refused int
}

// writer makes ready to write, and asks for the key of each link's codes.
func (s *Sender) writer(ctx context.Context, c Claim) (*writer, error) {
	for _, l := range c.Links {
		if _, err := s.Codes.Encode(ctx, l.Key, l.First); err != nil {
			return nil, fmt.Errorf("codes of link %d: %w", l.ID, err)
		}
	}
	letter, err := s.letter(c.Campaign)
	return &writer{s: s, claim: c, letter: letter, keys: NewKeys(s.Settings.Secret)}, err
}

// message renders for one recipient, or says why it cannot.
func (r *writer) message(ctx context.Context, a Addressee) (Message, Reason) {
	if a.Contact == "" {
		return Message{}, ReasonContact
	}
	c, set := r.claim.Campaign, r.s.Settings
	fill(a, set.Location)
	links := make([]string, len(r.claim.Links))
	for i, l := range r.claim.Links {
		code, err := r.s.Codes.Encode(ctx, l.Key, l.First+shortlink.Number(a.Ordinal))
		if err != nil { // writer has asked for every key
			return Message{}, ReasonTemplate
		}
		links[i] = set.PublicURL + "/" + code
	}
	m := Message{Key: r.keys.Of(c.ID, a.Ordinal), To: a.Contact, From: c.Content.From, ReplyTo: c.Content.ReplyTo, Template: c.Content.Supplier}
	if c.Channel == h.ChannelEmail {
		m.Unsubscribe = optOutURL(set, OptOutToken{c.ID, a.Ordinal})
		a.Values["unsubscribe"] = m.Unsubscribe
	}
	out, err := r.letter.Render(a.Values, links)
	if err != nil || out.Text == "" {
		return Message{}, ReasonTemplate
	}
	m.Subject, m.Text, m.HTML, m.Params = out.Subject, out.Text, out.HTML, out.Params
	return m, NoReason
}
