package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/coursecrm/coursecrm/campaign"
)

// dialer makes links. go-mail greets the server, upgrades to TLS and logs in.
type dialer struct {
	host     string
	options  []gomail.Option
	login    func() *login // nil: no authentication
	implicit bool
	tls      *tls.Config
	timeout  time.Duration
	mailFrom string // the MAIL command, without parameters and line end
}

func newDialer(c Config, host string, port int, from string) dialer {
	d := dialer{host: host, implicit: c.TLS == ImplicitTLS, timeout: c.Timeout, mailFrom: "MAIL FROM:" + angled(from),
		tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: c.roots}}
	if d.timeout == 0 {
		d.timeout = defaultTimeout
	}
	d.options = []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(d.timeout), gomail.WithTLSConfig(d.tls)}
	switch c.TLS {
	case ImplicitTLS:
		d.options = append(d.options, gomail.WithSSL())
	case OptionalTLS:
		d.options = append(d.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case TLSNone:
		d.options = append(d.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		d.options = append(d.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.Username != "" {
		d.login = func() *login { return &login{username: c.Username, password: c.Password} }
	}
	return d
}

// angled writes an address as MAIL and RCPT want it, the part before the @ quoted where it must be.
func angled(address string) string { return (&mail.Address{Address: address}).String() }

// dial connects, greets, secures and logs in. The connection underneath is kept in sight: go-mail
// heeds the context only until it is connected, and leaves the connection open when greeting or
// login fail.
func (d *dialer) dial(ctx context.Context) (*link, error) {
	var conn net.Conn
	stop := func() bool { return true }
	open := func(connecting context.Context, network, addr string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(connecting, network, addr)
		if err != nil {
			return nil, err
		}
		conn, stop = raw, context.AfterFunc(ctx, func() { _ = raw.Close() })
		if !d.implicit {
			return raw, nil
		}
		secured := tls.Client(raw, d.tls)
		if err := secured.HandshakeContext(connecting); err != nil {
			return nil, err
		}
		return secured, nil
	}
	options := append(slices.Clip(d.options), gomail.WithDialContextFunc(open))
	if d.login != nil {
		options = append(options, gomail.WithSMTPAuthCustom(d.login()))
	}
	client, err := gomail.NewClient(d.host, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: SMTP client: %w", campaign.ErrUnreachable, err)
	}
	greeted, err := client.DialToSMTPClientWithContext(ctx)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if conn == nil {
			return nil, fmt.Errorf("%w: no connection to the mail server", campaign.ErrUnreachable)
		}
		_ = conn.Close() // it is of no use, and may be closed already
		return nil, greetingError(err)
	}
	return newLink(conn, greeted, d), nil
}

// greetingError tells "not reachable" from "does not want us". The server's own text stays out:
// it may quote the login.
func greetingError(err error) error {
	var answer *textproto.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &answer) && answer.Code >= 500:
		return fmt.Errorf("%w: greeting or login answered with code %d", campaign.ErrRefused, answer.Code)
	case errors.As(err, &answer):
		return fmt.Errorf("%w: greeting or login answered with code %d", campaign.ErrUnreachable, answer.Code)
	case errors.Is(err, errNoLogin):
		return fmt.Errorf("%w: %w", campaign.ErrRefused, errNoLogin)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: the mail server's certificate does not verify", campaign.ErrUnreachable)
	}
	return fmt.Errorf("%w: greeting, TLS or login broke off", campaign.ErrUnreachable)
}
