// Package email sends campaigns by SMTP and reads what the mail service reports about them later.
//
// Connections are kept open between batches and carry many messages each. Where the server
// announces PIPELINING (RFC 2920), the end of one message and the envelope of the next travel
// together, which costs one round trip a message. Each outcome is what the server said about that
// very message: accepted is a 2xx answer to its final dot and nothing else; a message whose dot
// may have arrived and was not answered is unknown; any other has not left.
//
// # Bounces
//
// A mail service tells of bounces and complaints in our own protocol-neutral form, which
// [ParseBounces] reads; a service with another form needs a few lines that translate:
//
//	{"events": [
//	  {"key": "c12.345", "event": "delivered"},
//	  {"message_id": "<c12.346@mail.example>", "event": "bounced", "kind": "hard"},
//	  {"message_id": "<c12.347@mail.example>", "event": "bounced", "kind": "soft"},
//	  {"key": "c12.348", "event": "complaint"}
//	]}
//
// An event names its message by our key or by the Message-ID it had; the key counts where both
// are there. A hard bounce says that the address is dead, a complaint that the recipient called
// the message unwanted: either ends in no more mail to that address. A soft bounce, and one of no
// kind, only ends that message. Other events are ignored.
package email

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

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
	From     string // RFC 5322, with or without a display name; the address in ASCII; required
	Username string // empty: no authentication
	Password string
	TLS      TLS
	// Timeout is how long connecting and each answer may take; 0: 20 s. The answer to a message's
	// content may take three times as long: servers look for spam and viruses before they give it.
	Timeout time.Duration
	// Rate is how many messages a second all processes together hand over at most; 0: no limit.
	Rate float64
	// DKIM signs every message. The zero value: the mail server does, or nobody.
	DKIM DKIM

	roots *x509.CertPool // who may vouch for the server; nil: whom the system trusts
}

// batchSize is what one worker has in flight, so it bounds what may become unknown when the
// process dies. The ledger pays per batch: a third as many batches as with 32.
const batchSize = 100

// maxIdle is how many connections are kept open.
const maxIdle = 32

// defaultTimeout is the Timeout of a Config that gives none.
const defaultTimeout = 20 * time.Second

// Channel is the e-mail channel. It is safe for concurrent use; each Send has a connection of its
// own for as long as it lasts.
type Channel struct {
	dialer dialer
	from   string // as it stands in the header
	domain string // of Message-IDs
	sign   signer // nil: messages are not signed
	rate   float64
	now    func() time.Time
	idle   chan *link
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
	if err != nil || hasControl(c.From) || !isASCII(from.Address) {
		errs = append(errs, errors.New("field From: not an e-mail address"))
	}
	switch c.TLS {
	case StartTLS, ImplicitTLS, OptionalTLS, TLSNone:
	default:
		errs = append(errs, fmt.Errorf("field TLS: %q is not a way to secure a connection", c.TLS))
	}
	if c.Timeout < 0 {
		errs = append(errs, errors.New("field Timeout: negative"))
	}
	if !(c.Rate >= 0) { // NaN too
		errs = append(errs, errors.New("field Rate: negative"))
	}
	sign, err := c.DKIM.signer()
	if err != nil {
		errs = append(errs, fmt.Errorf("field DKIM: %w", err))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	return &Channel{dialer: newDialer(c, host, port, from.Address), from: from.String(), domain: domain, sign: sign, rate: c.Rate, now: time.Now,
		idle: make(chan *link, maxIdle)}, nil
}

// Name implements campaign.Channel.
func (c *Channel) Name() h.Channel { return h.ChannelEmail }

// Traits implements campaign.Channel.
func (c *Channel) Traits() campaign.Traits {
	return campaign.Traits{BatchSize: batchSize, Rate: c.rate}
}

// Close ends the idle connections, within a second. It never fails.
func (c *Channel) Close() error {
	by := time.Now().Add(time.Second)
	for {
		select {
		case l := <-c.idle:
			l.quit(by)
		default:
			return nil
		}
	}
}

// Send implements campaign.Channel. A message that cannot be written down, such as one to an
// address that is none, fails for good and does not hold up the others.
func (c *Channel) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	s := &session{c: c, batch: batch, out: make([]campaign.Outcome, len(batch)), known: make([]bool, len(batch))}
	cause := s.run(ctx)
	s.leave()
	partly := false
	for i := range s.out {
		if !s.known[i] { // it has not left
			s.out[i] = campaign.Outcome{Kind: campaign.OutcomeTemporary, Untried: true}
		}
		partly = partly || s.out[i].Kind != campaign.OutcomeTemporary
	}
	if cause != nil && !partly {
		return nil, cause
	}
	return s.out, nil
}
