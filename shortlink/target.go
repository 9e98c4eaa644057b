package shortlink

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ErrTarget says that a text is not a target a link may have.
var ErrTarget = errors.New("shortlink: target must be an absolute http or https address")

// ErrDomain says that a target is not on one of the school's domains.
var ErrDomain = errors.New("shortlink: target is on another domain")

// CheckTarget accepts absolute http and https URLs with a host and without credentials.
//
// Errors: ErrTarget.
func CheckTarget(text string) error {
	_, err := parseTarget(text)
	return err
}

func parseTarget(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || len(text) > 2000 {
		return nil, ErrTarget
	}
	return u, nil
}

// Domains are those that links may lead to, with all below them. Empty: any.
type Domains []string

// ParseDomains reads domains as people write them: "learn.example", "*.learn.example".
//
// Errors: names the first that is none.
func ParseDomains(list []string) (Domains, error) {
	var out Domains
	for _, text := range list {
		d := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "*."), "."))
		u, err := url.Parse("http://" + d)
		if err != nil || d == "" || u.Host != d || u.Port() != "" || strings.ContainsAny(d, "/?#@*:% ") {
			return nil, fmt.Errorf("%q is no domain", text)
		}
		out = append(out, d)
	}
	return out, nil
}

// Check accepts what CheckTarget does, where it is on one of the domains.
//
// Errors: ErrTarget, ErrDomain.
func (d Domains) Check(text string) error {
	u, err := parseTarget(text)
	if err != nil {
		return err
	}
	if len(d) == 0 {
		return nil
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, domain := range d {
		if host == domain || strings.HasSuffix(host, "."+domain) && net.ParseIP(host) == nil {
			return nil
		}
	}
	return ErrDomain
}
