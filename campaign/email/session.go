package email

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/coursecrm/coursecrm/campaign"
)

// session is one batch on one connection, replaced when it breaks.
type session struct {
	c     *Channel
	conn  *smtp.Client
	fresh bool // just made, so a failure is not the staleness of an idle connection
}

// done gives the connection back for the next batch.
func (s *session) done() {
	if s.conn == nil {
		return
	}
	select {
	case s.c.idle <- s.conn:
	default:
		_ = s.conn.Quit()
	}
}

// drop closes a connection that cannot be used any more.
func (s *session) drop() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// send hands over one message. cause is set when the server cannot be used at all; the message
// has not left then.
func (s *session) send(ctx context.Context, m campaign.Message) (out campaign.Outcome, cause error) {
	msg, err := s.c.message(m)
	if err != nil { // an address that our own check let through and the library does not
		return campaign.Outcome{Kind: campaign.OutcomePermanent}, nil
	}
	for range 2 {
		if s.conn == nil {
			if s.conn, err = s.c.client.DialToSMTPClientWithContext(ctx); err != nil {
				s.conn = nil
				return campaign.Outcome{}, dialError(err)
			}
			s.fresh = true
		}
		out, cause, again := s.once(msg)
		if !again {
			return out, cause
		}
	}
	return campaign.Outcome{Kind: campaign.OutcomeTemporary}, nil
}

// once makes one attempt. again: the connection had gone stale before anything left.
func (s *session) once(msg *gomail.Msg) (out campaign.Outcome, cause error, again bool) {
	err := s.c.client.SendWithSMTPClient(s.conn, msg)
	if msg.IsDelivered() { // also when the server failed at the RSET that follows
		if err != nil {
			s.drop()
		}
		s.fresh = false
		return campaign.Outcome{Kind: campaign.OutcomeAccepted}, nil, false
	}
	var se *gomail.SendError
	if !errors.As(err, &se) {
		s.drop()
		return campaign.Outcome{Kind: campaign.OutcomeUnknown}, nil, false
	}
	code := se.ErrorCode()
	if code == 0 || code == 421 { // the connection broke, or the server is closing it
		stale := !s.fresh
		s.drop()
		return broken(se.Reason, stale)
	}
	s.fresh = false
	switch {
	case se.Reason == gomail.ErrSMTPMailFrom && code >= 500:
		return campaign.Outcome{}, fmt.Errorf("%w: sender refused with code %d", campaign.ErrRefused, code), false
	case code >= 500:
		return campaign.Outcome{Kind: campaign.OutcomePermanent}, nil, false
	}
	return campaign.Outcome{Kind: campaign.OutcomeTemporary}, nil, false
}

// broken judges a message by the step at which its connection broke. Only the answer to the end
// of the data makes a message the server's: before the end was written it cannot have left, and
// after it nobody knows.
func broken(step gomail.SendErrReason, stale bool) (campaign.Outcome, error, bool) {
	switch step {
	case gomail.ErrSMTPMailFrom, gomail.ErrConnCheck:
		if stale {
			return campaign.Outcome{}, nil, true
		}
		return campaign.Outcome{Kind: campaign.OutcomeTemporary}, nil, false
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrWriteContent, gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		return campaign.Outcome{Kind: campaign.OutcomeTemporary}, nil, false
	}
	return campaign.Outcome{Kind: campaign.OutcomeUnknown}, nil, false
}

// dialError tells "not reachable" from "does not want us". The server's own text stays out: it
// may quote the login.
func dialError(err error) error {
	var te *textproto.Error
	if errors.As(err, &te) && te.Code >= 500 {
		return fmt.Errorf("%w: greeting or login answered with code %d", campaign.ErrRefused, te.Code)
	}
	return fmt.Errorf("%w: no SMTP connection", campaign.ErrUnreachable)
}
