// Package erasure wipes what is known of a person at their wish. Their host goes on feeding the
// row; what is personal of it never comes back. Counts, orders and deliveries stay.
package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Erasure tells that a person's data was wiped. The zero value: it was not.
type Erasure struct {
	Person segment.PersonID
	HostID h.LearnerID // empty: a lead that no host knows
	ByID   string      // the member of staff
	ByName string
	At     time.Time
}

// Store wipes; storage.Erasures implements it. Each method is one transaction.
type Store interface {
	// Erase wipes all that is personal of somebody: name, contacts, the host's own fields, what was
	// written to them alone, what was noted about them. It calls off messages to them alone that
	// have not left, denies every channel, and remembers that it did. Whoever is wiped already is
	// wiped again and stays under the first date. fault.ErrNotFound.
	Erase(ctx context.Context, e Erasure) error
	// Erased finds the erasure of a person. fault.ErrNotFound: there was none.
	Erased(ctx context.Context, p segment.PersonID) (Erasure, error)
}

// Service wipes. It is safe for concurrent use.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service.
func NewService(store Store, now func() time.Time) *Service { return &Service{store: store, now: now} }

// Erase wipes a person for good.
//
// Errors: fault.ErrNotFound; fault.ErrUnavailable, after which nothing is wiped.
func (s *Service) Erase(ctx context.Context, p segment.PersonID, by h.Staff) error {
	if err := s.store.Erase(ctx, Erasure{Person: p, ByID: by.ID, ByName: by.Name, At: s.now()}); err != nil {
		return fmt.Errorf("erase person %d: %w", p, err)
	}
	return nil
}

// Find tells whether a person was wiped; the zero value: not.
func (s *Service) Find(ctx context.Context, p segment.PersonID) (Erasure, error) {
	e, err := s.store.Erased(ctx, p)
	if errors.Is(err, fault.ErrNotFound) {
		return Erasure{}, nil
	}
	if err != nil {
		return Erasure{}, fmt.Errorf("erasure of person %d: %w", p, err)
	}
	return e, nil
}
