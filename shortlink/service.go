package shortlink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// ErrOver says that a link leads nowhere any more: it has expired, or staff took it back.
var ErrOver = errors.New("shortlink: the link is over")

// Store finds links; storage.Links implements it.
type Store interface {
	// Owner finds the link of a key's version whose range holds the number. fault.ErrNotFound:
	// none does.
	Owner(ctx context.Context, key int, n Number) (Link, error)
	// Slug finds the free link of a name. fault.ErrNotFound: none has it.
	Slug(ctx context.Context, slug string) (Link, error)
	// Loose gives a link to the target that counts for nothing, making it first where there is
	// none.
	Loose(ctx context.Context, target string, now time.Time) (Link, error)
	// Salt gives the salt of a day (UTC), making it first where there is none.
	Salt(ctx context.Context, day time.Time) ([]byte, error)
}

// Settings of following links.
type Settings struct {
	Domains Domains // where links may lead
	Proxies Proxies // whose word about a visitor's address counts
}

// Service follows codes. It is safe for concurrent use.
type Service struct {
	store   Store
	ring    *Ring
	agents  *Agents
	keeping Keeping
	set     Settings
	links   cache
	salts   salts
	now     func() time.Time
}

// Keeping keeps hits; Recorder does.
type Keeping interface {
	// Record returns when the hit is kept.
	Record(h Hit, a Agent)
}

// NewService makes a service.
func NewService(store Store, ring *Ring, agents *Agents, keeping Keeping, set Settings, now func() time.Time) *Service {
	return &Service{store: store, ring: ring, agents: agents, keeping: keeping, set: set, now: now,
		links: cache{store: store, now: now, strangers: make(chan struct{}, maxUnknown)}, salts: salts{store: store}}
}

// TestLink gives the code of a link that is followed and counts for no campaign, for messages to
// oneself.
//
// Errors: fault.ErrInvalid for a target that is no address, or not one of the school's.
func (s *Service) TestLink(ctx context.Context, target string) (string, error) {
	if err := s.set.Domains.Check(target); err != nil {
		return "", fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	link, err := s.store.Loose(ctx, target, s.now())
	if err != nil {
		return "", fmt.Errorf("test link: %w", err)
	}
	return s.ring.Encode(ctx, link.Key, link.First)
}

// Follow gives the address that a code, or the name of a free link, leads to. When it returns one,
// the hit is kept. Nothing in the request but the code decides where it leads.
//
// Errors: fault.ErrNotFound for a malformed or unknown code; ErrOver; fault.ErrUnavailable for a
// link that was not followed lately while the database is away.
func (s *Service) Follow(ctx context.Context, code string, r *http.Request) (string, error) {
	link, ordinal, err := s.find(ctx, code)
	if err != nil {
		return "", err
	}
	now := s.now().UTC().Truncate(time.Microsecond) // as the database keeps it
	if link.Over(now) {
		return "", ErrOver
	}
	agent := s.agents.Read(r.UserAgent())
	hit := Hit{ID: rand.Int64(), At: now, Link: link.ID, Campaign: link.Campaign, Ordinal: ordinal,
		Head: r.Method == http.MethodHead, Ahead: Ahead(r.Header), Agent: agent.ID, Referrer: referrer(r)}
	if addr := s.set.Proxies.Client(r); public(addr) {
		hit.Network, hit.Visitor = network(addr), visitor(addr, s.salts.of(now))
	}
	v := Classify(hit.Head, hit.Ahead, agent)
	if link.Kind == LinkTrap && v.Kind == Human {
		v = Verdict{Bot, ReasonTrap}
	}
	hit.Kind, hit.Reason = v.Kind, v.Reason
	s.keeping.Record(hit, agent)
	return link.destination, nil
}

// find resolves a code or a name. Names are never of a code's form.
func (s *Service) find(ctx context.Context, code string) (*entry, int64, error) {
	if IsSlug(strings.ToLower(code)) {
		e, err := s.links.slug(ctx, strings.ToLower(code))
		if err != nil {
			return nil, 0, fmt.Errorf("find link: %w", err)
		}
		return e, 0, nil
	}
	key, n, err := s.ring.Decode(ctx, code)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", fault.ErrNotFound, err)
	}
	e, err := s.links.owner(ctx, key, n)
	if err != nil {
		return nil, 0, fmt.Errorf("find link: %w", err)
	}
	if e.Campaign == 0 {
		return e, 0, nil
	}
	return e, int64(n - e.First), nil
}

// referrer is the host of the page that a visitor came from.
func referrer(r *http.Request) string {
	text := r.Referer()
	if text == "" || len(text) > 2000 {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if len(host) > 100 || strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return ""
	}
	return host
}
