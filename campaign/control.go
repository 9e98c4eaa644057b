package campaign

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Move is a change of a campaign's state.
type Move struct {
	From   []State
	To     State
	Stall  Stall     // why it stands still from now on
	SendAt time.Time // of a schedule; zero: unchanged
	Again  bool      // unknown deliveries are queued once more
}

// Moves that staff can make.
var (
	pause   = Move{From: []State{Sending}, To: Paused, Stall: StallStaff}
	resume  = Move{From: []State{Paused, Sending}, To: Sending}
	cancel  = Move{From: []State{Scheduled, Late, Planning, Sending, Paused}, To: CalledOff}
	resends = Move{From: []State{Done, Sending}, To: Sending, Again: true} // not Paused: all the rest would go out too
)

// Pause stops a sending campaign: what is in flight is seen through, nothing else leaves.
//
// Errors: fault.ErrConflict when it is not sending.
func (s *Service) Pause(ctx context.Context, id ID) error { return s.move(ctx, id, pause) }

// Resume lets a paused campaign go on, and one that waits for its provider try at once.
//
// Errors: fault.ErrConflict when it is neither.
func (s *Service) Resume(ctx context.Context, id ID) error { return s.move(ctx, id, resume) }

// Cancel ends a campaign: what has not left never will.
//
// Errors: fault.ErrConflict when it is over.
func (s *Service) Cancel(ctx context.Context, id ID) error { return s.move(ctx, id, cancel) }

// SendLate lets a campaign go out whose time had passed.
//
// Errors: fault.ErrConflict when it is not late.
func (s *Service) SendLate(ctx context.Context, id ID) error {
	return s.move(ctx, id, Move{From: []State{Late}, To: Scheduled, SendAt: s.now()})
}

// ResendUnknown sends once more what may or may not have arrived. Staff decide that knowingly:
// some may get the message twice.
//
// Errors: fault.ErrConflict when nothing is unknown, or the campaign is not sent yet or paused.
func (s *Service) ResendUnknown(ctx context.Context, id ID) error { return s.move(ctx, id, resends) }

func (s *Service) move(ctx context.Context, id ID, m Move) error {
	if _, err := s.store.Find(ctx, id); err != nil {
		return err
	}
	moved, err := s.store.Move(ctx, id, m, s.now())
	if err != nil {
		return fmt.Errorf("move campaign %d to %s: %w", id, m.To, err)
	}
	if !moved {
		return fmt.Errorf("move campaign %d to %s: %w", id, m.To, fault.ErrConflict)
	}
	return nil
}
