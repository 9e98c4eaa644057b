package sms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// HTTPConfig names a gateway that speaks the protocol of the package comment.
type HTTPConfig struct {
	URL       string // of the gateway, http or https, without a query; required
	KeyID     string // names our key with the gateway; required
	Secret    []byte // signs requests, and callbacks to us; 16 bytes or more, required
	Signature string // of the account, in front of every message, without brackets: "启明网校"; required

	BatchSize int           // messages handed over at once; 0: 100
	Rate      float64       // messages a second at most; 0: no limit
	Price     int64         // of one part, in thousandths of a minor unit (4.5 分 is 4500); 0: not known
	Timeout   time.Duration // of a request with its answer; 0: 20 s

	// NotIdempotent is for a gateway that does not keep keys: a message about which nobody knows
	// whether it left is not handed over again.
	NotIdempotent bool
}

// HTTP is a supplier behind a gateway. It is safe for concurrent use.
type HTTP struct {
	base    string
	keyID   string
	secret  []byte
	traits  h.SMSTraits
	timeout time.Duration
	client  *http.Client
}

const (
	minSecret = 16
	maxAnswer = 1 << 20 // bytes; a hundred answers need a tenth of it
	// idleLife is how long a connection is kept between two requests. It is short because a gateway
	// that closes an idle connection just as we write to it leaves a whole batch unknown, and
	// common servers do so after five seconds.
	idleLife = 4 * time.Second
)

// NewHTTP checks the configuration. It does not connect.
//
// Errors: one for each field that is wrong, joined.
func NewHTTP(c HTTPConfig) (*HTTP, error) {
	var errs []error
	field := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("field "+name+": "+format, args...))
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		field("URL", "not an http or https address")
	case u.RawQuery != "", u.Fragment != "", u.User != nil:
		field("URL", "must have no query, fragment or login")
	}
	if !named(c.KeyID, maxID) || !ascii(c.KeyID) {
		field("KeyID", "1 to %d ASCII characters are needed", maxID)
	}
	if len(c.Secret) < minSecret {
		field("Secret", "%d bytes are needed", minSecret)
	}
	if strings.TrimSpace(c.Signature) == "" || strings.ContainsAny(c.Signature, "【】[]\r\n") {
		field("Signature", "the name alone is needed, without brackets")
	}
	if c.BatchSize < 0 || c.Rate < 0 || c.Price < 0 || c.Timeout < 0 {
		field("BatchSize, Rate, Price, Timeout", "must not be negative")
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	return &HTTP{
		base: strings.TrimRight(c.URL, "/"), keyID: c.KeyID, secret: bytes.Clone(c.Secret), timeout: c.Timeout,
		traits: sound(h.SMSTraits{Signature: c.Signature, BatchSize: c.BatchSize, Rate: c.Rate,
			Idempotent: !c.NotIdempotent, Receipts: true, Approval: true, Price: c.Price}),
		client: client(),
	}, nil
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// client never follows a redirect: a signature is for one address.
func client() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxIdleConnsPerHost:    32,
			IdleConnTimeout:        idleLife,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
		},
	}
}

// Traits implements Supplier.
func (s *HTTP) Traits() h.SMSTraits { return s.traits }

// Close ends idle connections. The supplier can still be used.
func (s *HTTP) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// errUnclear says that a request may have been carried out, and may not.
var errUnclear = errors.New("no clear answer of the SMS gateway")

// exchange makes one request and reads the answer into answer.
//
// Errors: campaign.ErrUnreachable and campaign.ErrRefused, when nothing was done; errUnclear.
func (s *HTTP) exchange(ctx context.Context, method, path string, body []byte, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	// The transport makes a second attempt only where nothing of the first can have arrived: our
	// requests have no header that would tell it to be bolder. So the last attempt decides.
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { written.Store(false) },
		WroteHeaders: func() { written.Store(true) },
	})
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: the address of the SMS gateway cannot be used", campaign.ErrRefused)
	}
	r.Header = Sign(s.keyID, s.secret, time.Now(), method, path, body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return transportError(err, written.Load())
	}
	defer resp.Body.Close()
	if err := judge(resp.StatusCode); err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: it broke off", errUnclear)
	case len(data) > maxAnswer:
		return fmt.Errorf("%w: it is too long", errUnclear)
	}
	if err := decode(data, answer); err != nil { // whose text may quote the answer
		return fmt.Errorf("%w: it cannot be read", errUnclear)
	}
	return nil
}

// transportError tells what cannot have arrived from what may have.
func transportError(err error, written bool) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // without the address, whose query is nobody's business
	}
	if written {
		return fmt.Errorf("%w: %w", errUnclear, err)
	}
	return fmt.Errorf("%w: no connection to the SMS gateway: %w", campaign.ErrUnreachable, err)
}

// judge reads a status as the package comment gives it.
func judge(status int) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return fmt.Errorf("%w: the SMS gateway answered with status %d", campaign.ErrUnreachable, status)
	case status >= 400 && status < 500, status == http.StatusMovedPermanently,
		status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return fmt.Errorf("%w: the SMS gateway answered with status %d", campaign.ErrRefused, status)
	}
	return fmt.Errorf("%w: status %d", errUnclear, status)
}
