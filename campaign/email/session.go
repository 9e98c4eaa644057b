package email

import (
	"context"
	"fmt"

	"github.com/coursecrm/coursecrm/campaign"
)

// session is one batch, on one link after the other as long as they break.
type session struct {
	c     *Channel
	batch []campaign.Message
	out   []campaign.Outcome
	known []bool // which of out are decided

	link *link
	stop func() bool // takes the link back from the context
	dial bool        // idle links have gone stale: make new ones

	next  int     // the first message whose envelope is not through
	ready *letter // batch[next], written down; nil: not yet
	open  *letter // whose content the server waits for; nil: none

	unknown int // messages in a row that became unknown
	putOff  int // MAILs in a row that were put off
}

// enough failures in a row show that the server is not well and the rest of a batch had better
// wait: a message put off has not left, but one that becomes unknown is lost to sending.
const enough = 3

// run sends the batch. The error says why it ended early; what is not known then has not left.
func (s *session) run(ctx context.Context) error {
	for {
		next := s.upcoming()
		if next == nil && (s.link == nil || s.link.owes == nothing) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: no time left", campaign.ErrUnreachable)
		}
		if err := s.connect(ctx); err != nil {
			return err
		}
		if next != nil && next.utf8 && !s.link.utf8 {
			s.advance(campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonRejected})
			continue
		}
		if err := s.turn(next); err != nil {
			return err
		}
	}
}

// upcoming writes down the next message that can be, or gives nil after the last.
func (s *session) upcoming() *letter {
	for s.ready == nil && s.next < len(s.batch) {
		written, failed := s.c.write(s.batch[s.next])
		if failed != nil {
			s.advance(*failed)
			continue
		}
		written.index = s.next
		s.ready = written
	}
	return s.ready
}

// turn has one exchange and judges it.
func (s *session) turn(next *letter) error {
	l := s.link
	t := &turn{pays: l.owes, next: next}
	if s.open != nil {
		t.message = s.open.message
	}
	broken := l.talk(t)
	l.owes = nothing
	if s.open != nil {
		s.finish(t)
	}
	var cause error
	if next != nil && (broken == nil || t.reached()) {
		cause = s.envelope(t, broken)
	}
	if s.unknown >= enough && cause == nil {
		cause = fmt.Errorf("%w: connections break before messages are answered", campaign.ErrUnreachable)
	}
	if broken != nil || cause != nil {
		s.drop()
	}
	return cause
}

// finish decides about the message whose content was sent.
func (s *session) finish(t *turn) {
	o := t.outcome()
	s.settle(s.open.index, o)
	s.open = nil
	if o.Kind == campaign.OutcomeUnknown {
		s.unknown++
	} else {
		s.unknown = 0
	}
}

// settle writes an outcome down.
func (s *session) settle(i int, o campaign.Outcome) { s.out[i], s.known[i] = o, true }

// advance decides about the next message without sending it.
func (s *session) advance(o campaign.Outcome) {
	s.settle(s.next, o)
	s.next++
	s.ready = nil
}
