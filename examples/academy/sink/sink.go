// Package sink is a real mail server that keeps what it receives, so that a demonstration sends
// real mail and bothers nobody. It listens on this machine only.
package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	maxMail       = 8 << 20
	maxRecipients = 1000
)

// Sink is a running mail server.
type Sink struct {
	Inbox

	listener net.Listener
	server   *smtp.Server
	writer   *writer
	rule     atomic.Pointer[Rule]
}

// Rule decides about a recipient: nil takes the mail. Tests play a failing provider with it.
type Rule func(recipient string) *smtp.SMTPError

// ByLocalPart is the rule of a new sink: tempfail…@ is put off with 451, reject…@ is refused with
// 550, everybody else has a mailbox.
func ByLocalPart(recipient string) *smtp.SMTPError {
	switch local := strings.ToLower(recipient); {
	case strings.HasPrefix(local, "tempfail"):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Mailbox busy, try again later"}
	case strings.HasPrefix(local, "reject"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	}
	return nil
}

// Start opens a mail server on addr (port 0: a free one) that keeps mail in the table mails of db.
func Start(ctx context.Context, addr string, db *sql.DB, log *slog.Logger) (*Sink, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open the mail sink: %w", err)
	}
	s := &Sink{Inbox: Inbox{DB: db}, listener: listener, writer: newWriter(db)}
	s.SetRule(ByLocalPart)
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "inbox.example.com"
	s.server.MaxMessageBytes = maxMail
	s.server.MaxRecipients = maxRecipients
	s.server.ReadTimeout = time.Minute
	s.server.WriteTimeout = time.Minute
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	go func() {
		if err := s.server.Serve(listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			log.Error("the mail sink stopped", "error", err)
		}
	}()
	return s, nil
}

// Addr is where the server listens, host:port.
func (s *Sink) Addr() string { return s.listener.Addr().String() }

// SetRule changes which recipients are taken, from the next one on.
func (s *Sink) SetRule(r Rule) { s.rule.Store(&r) }

// Close stops the server. Mail that was answered with 250 is in the table.
func (s *Sink) Close() error {
	err := s.server.Close()
	s.writer.close()
	if errors.Is(err, smtp.ErrServerClosed) {
		err = nil
	}
	return err
}

// session is one client's connection.
type session struct {
	sink *Sink
	from string
	to   []string
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if problem := (*s.sink.rule.Load())(to); problem != nil {
		return problem
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session. It returns, and the client gets its 250, only when the mail is
// committed.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	head := parseHead(raw)
	now := time.Now().UTC()
	mails := make([]Mail, len(s.to))
	for i, to := range s.to {
		mails[i] = Mail{EnvelopeFrom: clean(s.from), To: clean(to), From: head.from, Subject: head.subject, MessageID: head.messageID, Raw: raw, ReceivedAt: now}
	}
	if err := s.sink.writer.keep(mails); err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot store the mail just now"}
	}
	return nil
}

// clean makes text fit for the database, which takes UTF-8 without NUL.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "")
}
