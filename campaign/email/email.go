// Package email sends campaigns by SMTP. Connections are kept open between batches and carry
// many messages each.
package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// TLS says how a connection is secured.
type TLS string

// Ways to secure a connection; the zero value is StartTLS.
const (
	StartTLS    TLS = ""         // upgrade after connecting, refuse to go on without; usual on port 587
	ImplicitTLS TLS = "implicit" // TLS from the first byte; usual on port 465
	OptionalTLS TLS = "optional" // upgrade where the server offers it
	TLSNone     TLS = "none"     // never: for a server on the same machine
)

// Config tells where to send and as whom.
type Config struct {
	Addr     string // host:port, required
	From     string // RFC 5322, with or without a display name; required
	Username string // empty: no authentication
	Password string
	TLS      TLS
	Timeout  time.Duration // of connecting and of each answer; 0: 20 s
}

// batchSize bounds what may become unknown when the process dies: what one worker has in flight.
const batchSize = 32

// maxIdle is how many connections are kept open.
const maxIdle = 32

// Channel is the e-mail channel. It is safe for concurrent use; each Send has a connection of its
// own for as long as it lasts.
type Channel struct {
	client *gomail.Client
	from   string
	domain string // of Message-IDs
	idle   chan *smtp.Client
}

// New checks the configuration. It does not connect.
//
// Errors: one for each field that is wrong, joined.
func New(c Config) (*Channel, error) {
	var errs []error
	host, portText, err := net.SplitHostPort(c.Addr)
	port, perr := strconv.Atoi(portText)
	if err != nil || perr != nil || host == "" || port < 1 || port > 65535 {
		errs = append(errs, fmt.Errorf("field Addr: %q is not host:port", c.Addr))
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil || strings.ContainsAny(c.From, "\r\n") {
		errs = append(errs, errors.New("field From: not an e-mail address"))
	}
	switch c.TLS {
	case StartTLS, ImplicitTLS, OptionalTLS, TLSNone:
	default:
		errs = append(errs, fmt.Errorf("field TLS: %q is not a way to secure a connection", c.TLS))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	client, err := gomail.NewClient(host, options(c, port)...)
	if err != nil {
		return nil, fmt.Errorf("SMTP client: %w", err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &Channel{client: client, from: c.From, domain: domain, idle: make(chan *smtp.Client, maxIdle)}, nil
}

func options(c Config, port int) []gomail.Option {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 20 * time.Second
	}
	// NOOP before each message costs a round trip and proves nothing about the next command.
	opts := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(timeout), gomail.WithoutNoop()}
	switch c.TLS {
	case ImplicitTLS:
		opts = append(opts, gomail.WithSSL())
	case OptionalTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case TLSNone:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(c.Username), gomail.WithPassword(c.Password))
	}
	return opts
}

// Name implements campaign.Channel.
func (c *Channel) Name() h.Channel { return h.ChannelEmail }

// Traits implements campaign.Channel.
func (c *Channel) Traits() campaign.Traits { return campaign.Traits{BatchSize: batchSize} }

// Close ends the idle connections.
func (c *Channel) Close() error {
	for {
		select {
		case conn := <-c.idle:
			_ = conn.Quit() // the server may have gone first
		default:
			return nil
		}
	}
}

// Send implements campaign.Channel.
func (c *Channel) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	conn, fresh, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{c: c, conn: conn, fresh: fresh}
	defer s.done()
	outcomes := make([]campaign.Outcome, 0, len(batch))
	var cause error
	for _, m := range batch {
		var outcome campaign.Outcome
		if cause = ctx.Err(); cause != nil {
			cause = fmt.Errorf("%w: no time left", campaign.ErrUnreachable)
			break
		}
		if outcome, cause = s.send(ctx, m); cause != nil {
			break
		}
		outcomes = append(outcomes, outcome)
	}
	if cause != nil && len(outcomes) == 0 {
		return nil, cause
	}
	for len(outcomes) < len(batch) { // the rest has not left
		outcomes = append(outcomes, campaign.Outcome{Kind: campaign.OutcomeTemporary})
	}
	return outcomes, nil
}

// connect takes an idle connection or makes one.
func (c *Channel) connect(ctx context.Context) (conn *smtp.Client, fresh bool, err error) {
	select {
	case conn := <-c.idle:
		return conn, false, nil
	default:
	}
	conn, err = c.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, false, dialError(err)
	}
	return conn, true, nil
}

// message builds the MIME message. Its Message-ID is the same for every try.
func (c *Channel) message(m campaign.Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	if err := msg.From(c.from); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(m.Key + "@" + c.domain)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}
