package email

import (
	"fmt"

	"github.com/coursecrm/coursecrm/campaign"
)

// outcome of a message by the answer to its final dot, which alone makes it the server's. Before
// the dot was written it cannot have left; after it, without an answer, nobody knows.
func (t *turn) outcome() campaign.Outcome {
	switch r := t.answers[stepEnd]; {
	case r.is(2):
		return campaign.Outcome{Kind: campaign.OutcomeAccepted, ProviderID: r.queued()}
	case r.is(4), r.is(5):
		o, _ := refusal(stepEnd, r)
		return o
	case r.code == 0 && !t.ended:
		return campaign.Outcome{Kind: campaign.OutcomeTemporary}
	}
	return campaign.Outcome{Kind: campaign.OutcomeUnknown}
}

// reached tells whether a broken exchange got as far as the envelope. If not, that has not had its
// try.
func (t *turn) reached() bool {
	end := t.answers[stepEnd].code
	return t.pays == nothing || end != 0 && end != 421
}

// envelope judges the answers to MAIL, RCPT and DATA. The error ends the batch: it is about us or
// the server and not about this recipient.
func (s *session) envelope(t *turn, broken error) error {
	mail, rcpt, data := t.answers[stepMail], t.answers[stepRcpt], t.answers[stepData]
	l := s.link
	if !mail.is(2) {
		return s.noSender(t, broken)
	}
	s.putOff, l.served = 0, true
	l.owes = reset
	if data.is(3) {
		l.owes = loneDot
	}
	switch {
	case rcpt.is(4), rcpt.is(5):
		return s.refused(stepRcpt, rcpt)
	case rcpt.is(2) && (data.is(4) || data.is(5)):
		return s.refused(stepData, data)
	case rcpt.is(2) && data.code == 354 && broken == nil:
		s.open, l.owes = s.ready, content
		s.ready = nil
		s.next++
		return nil
	}
	if broken == nil { // an answer that is none to this question: start afresh
		s.drop()
	}
	s.advance(campaign.Outcome{Kind: campaign.OutcomeTemporary})
	return nil
}

// noSender judges a MAIL that was not taken. On a link that has served before it may only mean
// that the server has had enough of it, so the message gets its try on a new one.
func (s *session) noSender(t *turn, broken error) error {
	mail, stale := t.answers[stepMail], s.link.served
	gone := broken != nil && (mail.code == 0 || mail.code == 421)
	switch {
	case (gone || mail.code == 503) && stale:
		s.drop()
		s.dial = true
		return nil
	case gone:
		return fmt.Errorf("%w: connection closed before the sender was answered", campaign.ErrUnreachable)
	case mail.is(4):
		s.link.owes = reset
		if t.answers[stepData].is(3) {
			s.link.owes = loneDot
		}
		s.advance(campaign.Outcome{Kind: campaign.OutcomeTemporary})
		if s.putOff++; s.putOff >= enough {
			return fmt.Errorf("%w: sender put off with code %d", campaign.ErrUnreachable, mail.code)
		}
		return nil
	}
	return fmt.Errorf("%w: sender answered with code %d", campaign.ErrRefused, mail.code)
}

// refused decides about a message whose envelope was refused.
func (s *session) refused(at step, r reply) error {
	o, ours := refusal(at, r)
	if ours {
		return fmt.Errorf("%w: answered with code %d", campaign.ErrRefused, r.code)
	}
	s.advance(o)
	return nil
}
