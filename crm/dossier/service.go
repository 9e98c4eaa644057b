package dossier

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Terms are what a store has to know to tell a person's story.
type Terms struct {
	Now      time.Time
	Window   time.Duration  // how long after a click an order counts for its campaign
	Location *time.Location // of the days by which activities are put together
	Currency string         // ISO 4217, of revenue
}

// Store reads dossiers; storage.Dossiers implements it. Cursors are its own; a bad one is
// fault.ErrInvalid. Lists of nobody are empty. Each method asks the database once.
type Store interface {
	// Head gives the head of a dossier. fault.ErrNotFound: no such person.
	Head(ctx context.Context, id segment.PersonID, t Terms) (Dossier, error)
	// Timeline lists what happened, the latest first.
	Timeline(ctx context.Context, id segment.PersonID, f Filter, after string, limit int, t Terms) (Page[Event], error)
	// Orders lists the orders, the latest first.
	Orders(ctx context.Context, id segment.PersonID, after string, limit int, t Terms) (Page[Order], error)
	// Places lists the enrollments, the latest first.
	Places(ctx context.Context, id segment.PersonID, after string, limit int, t Terms) (Page[Place], []Place, error)
	// Deliveries lists what was sent, the latest campaign first.
	Deliveries(ctx context.Context, id segment.PersonID, after string, limit int, t Terms) (Page[Delivery], error)
	// Details gives the other fields. fault.ErrNotFound: no such person.
	Details(ctx context.Context, id segment.PersonID) (Details, error)
}

// Site is what a school has settled.
type Site struct {
	Location *time.Location
	Currency string // ISO 4217
}

// Service gives dossiers. It is safe for concurrent use.
type Service struct {
	store Store
	site  Site
	now   func() time.Time
}

// NewService makes a service.
func NewService(store Store, site Site, now func() time.Time) *Service {
	return &Service{store: store, site: site, now: now}
}

func (s *Service) terms() Terms {
	return Terms{Now: s.now(), Window: campaign.AttributionWindow, Location: s.site.Location, Currency: s.site.Currency}
}

// Head gives the head of a person's dossier.
//
// Errors: fault.ErrNotFound.
func (s *Service) Head(ctx context.Context, id segment.PersonID) (Dossier, error) {
	d, err := s.store.Head(ctx, id, s.terms())
	if err != nil {
		return Dossier{}, fmt.Errorf("find dossier: %w", err)
	}
	return d, nil
}

// Timeline lists what happened with a person, the latest first; limit is 1 to MaxLimit.
//
// Errors: fault.Fields for a filter that there is not; fault.ErrInvalid for a bad cursor.
func (s *Service) Timeline(ctx context.Context, id segment.PersonID, f Filter, after string, limit int) (Page[Event], error) {
	if !slices.Contains(Filters(), f) {
		return Page[Event]{}, fault.Fields{"kind": {Key: "problem.choice"}}
	}
	p, err := s.store.Timeline(ctx, id, f, after, within(limit), s.terms())
	if err != nil {
		return Page[Event]{}, fmt.Errorf("timeline: %w", err)
	}
	return p, nil
}

// Orders lists a person's orders, the latest first; limit is 1 to MaxLimit.
//
// Errors: fault.ErrInvalid for a bad cursor.
func (s *Service) Orders(ctx context.Context, id segment.PersonID, after string, limit int) (Page[Order], error) {
	p, err := s.store.Orders(ctx, id, after, within(limit), s.terms())
	if err != nil {
		return Page[Order]{}, fmt.Errorf("orders of a person: %w", err)
	}
	return p, nil
}

// Places lists a person's places, the latest first; limit is 1 to MaxLimit. With the first page
// come the offerings that they stand with in a stage without ever having had a place, the latest
// first and at most MaxLimit of them.
//
// Errors: fault.ErrInvalid for a bad cursor.
func (s *Service) Places(ctx context.Context, id segment.PersonID, after string, limit int) (p Page[Place], others []Place, err error) {
	p, others, err = s.store.Places(ctx, id, after, within(limit), s.terms())
	if err != nil {
		return Page[Place]{}, nil, fmt.Errorf("places of a person: %w", err)
	}
	return p, others, nil
}

// Deliveries lists what a person was sent, the latest campaign first; limit is 1 to MaxLimit.
//
// Errors: fault.ErrInvalid for a bad cursor.
func (s *Service) Deliveries(ctx context.Context, id segment.PersonID, after string, limit int) (Page[Delivery], error) {
	p, err := s.store.Deliveries(ctx, id, after, within(limit), s.terms())
	if err != nil {
		return Page[Delivery]{}, fmt.Errorf("deliveries of a person: %w", err)
	}
	return p, nil
}

// Details gives a person's other fields.
//
// Errors: fault.ErrNotFound.
func (s *Service) Details(ctx context.Context, id segment.PersonID) (Details, error) {
	d, err := s.store.Details(ctx, id)
	if err != nil {
		return Details{}, fmt.Errorf("details of a person: %w", err)
	}
	return d, nil
}

func within(limit int) int { return min(max(limit, 1), MaxLimit) }
