package shortlink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// LinkID is our id of a link.
type LinkID int64

// Link is where a range of codes leads.
type Link struct {
	ID         LinkID
	CampaignID int64
	Target     string // an absolute http or https URL
	First      Number // the first number of the range; a recipient's number is First + ordinal
	Count      int64  // how many numbers the range has
}

// Click is a hit on a code.
type Click struct {
	Link    LinkID
	Ordinal int64 // of the recipient within the link's campaign
	At      time.Time
	Kind    Kind
	Reason  Reason
}

// Store keeps links and clicks; storage.Links implements it.
type Store interface {
	// Owner finds the link whose range holds the number. fault.ErrNotFound: none does.
	Owner(ctx context.Context, n Number) (Link, error)
	// Record keeps a click. A human one within RepeatWithin of another by the same recipient on
	// the same link is kept as Duplicate.
	Record(ctx context.Context, c Click) error
	// Loose gives the number of a link to the target that belongs to no campaign, making it first
	// where there is none. Its clicks are not recorded.
	Loose(ctx context.Context, target string, now time.Time) (Number, error)
}

// Service resolves codes. It is safe for concurrent use.
type Service struct {
	store Store
	coder *Coder
	now   func() time.Time
	log   *slog.Logger
}

// NewService makes a service.
func NewService(store Store, coder *Coder, now func() time.Time, log *slog.Logger) *Service {
	return &Service{store: store, coder: coder, now: now, log: log}
}

// TestLink gives the code of a link that is followed and counted for no campaign, for messages to
// oneself.
//
// Errors: fault.ErrInvalid for a target that is no address.
func (s *Service) TestLink(ctx context.Context, target string) (string, error) {
	if err := CheckTarget(target); err != nil {
		return "", fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	n, err := s.store.Loose(ctx, target, s.now())
	if err != nil {
		return "", fmt.Errorf("test link: %w", err)
	}
	return s.coder.Encode(n), nil
}

// recordTimeout bounds how long a visitor waits for the record of their click.
const recordTimeout = 2 * time.Second

// Follow gives the target of a code and records the hit. When the record fails the visitor is
// sent on all the same, and the log says so.
//
// Errors: fault.ErrNotFound for a malformed or unknown code; fault.ErrUnavailable.
func (s *Service) Follow(ctx context.Context, code string, r *http.Request) (string, error) {
	n, err := s.coder.Decode(code)
	if err != nil {
		return "", fmt.Errorf("%w: %w", fault.ErrNotFound, err)
	}
	link, err := s.store.Owner(ctx, n)
	if err != nil {
		return "", fmt.Errorf("find link: %w", err)
	}
	kind, reason := Classify(r)
	// The record outlives a visitor who closes the page at once.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	click := Click{Link: link.ID, Ordinal: int64(n - link.First), At: s.now(), Kind: kind, Reason: reason}
	if err := s.store.Record(ctx, click); err != nil {
		s.log.ErrorContext(ctx, "shortlink: click not recorded", "link", link.ID, "err", err)
	}
	return link.Target, nil
}

// ErrTarget says that a text is not a target a link may have.
var ErrTarget = errors.New("shortlink: target must be an absolute http or https address")

// CheckTarget accepts absolute http and https URLs with a host and without credentials.
func CheckTarget(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || len(text) > 2000 {
		return ErrTarget
	}
	return nil
}
