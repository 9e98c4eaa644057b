package label

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// OfPerson gives the tags of a person.
//
// Errors: fault.ErrNotFound: no such person.
func (s *Service) OfPerson(ctx context.Context, who segment.PersonID) (Tags, error) {
	tags, err := s.store.OfPerson(ctx, who)
	if err != nil {
		return Tags{}, fmt.Errorf("tags of a person: %w", err)
	}
	return tags, nil
}

// AddPerson gives a tag to one person; false: they had it.
//
// Errors: fault.ErrNotFound: no such tag, or no such person.
func (s *Service) AddPerson(ctx context.Context, by hostadapter.Staff, id ID, who segment.PersonID) (bool, error) {
	return s.store.ChangePerson(ctx, id, Add, who, s.deed(by, Personal+rand.Text()))
}

// RemovePerson takes a tag from one person; false: they did not have it.
//
// Errors: those of AddPerson.
func (s *Service) RemovePerson(ctx context.Context, by hostadapter.Staff, id ID, who segment.PersonID) (bool, error) {
	return s.store.ChangePerson(ctx, id, Remove, who, s.deed(by, Personal+rand.Text()))
}

// Interests gives a person's interest tags as of now with what they come from. Those of OfPerson
// are what the sync last computed: they may differ for as long as that is behind.
func (s *Service) Interests(ctx context.Context, who segment.PersonID) ([]funnel.Interest, error) {
	events, err := s.store.Events(ctx, who)
	if err != nil {
		return nil, fmt.Errorf("what interests a person: %w", err)
	}
	return funnel.Interests(events, s.now()), nil
}
