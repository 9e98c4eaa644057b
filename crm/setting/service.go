package setting

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Store keeps what staff chose; storage.Settings implements it.
type Store interface {
	// LoadSettings gives what was saved last; the zero value: nothing yet.
	LoadSettings(ctx context.Context) (Stored, error)
	// SaveSettings replaces what has version s.Version-1. fault.ErrConflict: somebody else was
	// faster.
	SaveSettings(ctx context.Context, s Stored) error
}

// Service gives the settings as they hold. It is safe for concurrent use.
type Service struct {
	store Store
	base  Values
	now   func() time.Time

	held    atomic.Pointer[held]
	turns   atomic.Int64 // numbers the looks as they begin
	reading sync.Mutex   // held for at most patience: never while a caller's context decides
}

type held struct {
	values Values
	stored Stored
	at     time.Time
	turn   int64
}

// Spread is how long it takes until all processes hold what was saved, also where one look at the
// database fails.
const Spread = 5 * time.Second

const (
	fresh    = 2 * time.Second        // how long what was read holds
	patience = 500 * time.Millisecond // how long anybody waits for a look
)

// NewService makes a service. base are the configuration's values.
func NewService(store Store, base Values, now func() time.Time) *Service {
	return &Service{store: store, base: base.Clone(), now: now}
}

// Current gives the settings, at most some two seconds old. It asks the database at most that
// often, for all callers together, and gives the last known values (the configuration's, before the
// first answer) when there is none within half a second. The result is shared: do not write to it.
func (s *Service) Current() Values { return s.look().values }

// Site is the school's name now.
func (s *Service) Site() string { return s.Current().SiteName }

// Base gives the configuration's values.
func (s *Service) Base() Values { return s.base.Clone() }

func (s *Service) look() *held {
	if k := s.held.Load(); k != nil && s.young(k) {
		return k
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	if k := s.held.Load(); k != nil && s.young(k) {
		return k
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // the answer is for all who wait
	defer cancel()
	next, err := s.read(ctx)
	if err != nil { // remembered too, so that nobody else waits for the same
		next.values = s.base
		if was := s.held.Load(); was != nil {
			next.values, next.stored = was.values, was.stored
		}
	}
	return s.keep(next)
}

func (s *Service) young(k *held) bool {
	age := s.now().Sub(k.at)
	return age >= 0 && age < fresh
}

// read asks the store; with an error only the time and the turn of the answer are set.
func (s *Service) read(ctx context.Context) (*held, error) {
	next := &held{at: s.now(), turn: s.turns.Add(1)}
	stored, err := s.store.LoadSettings(ctx)
	if err == nil {
		next.values, next.stored = stored.over(s.base), stored
	}
	return next, err
}

// keep remembers an answer, unless one is known to a question that was asked later, and gives what
// is remembered then.
func (s *Service) keep(next *held) *held {
	for {
		was := s.held.Load()
		if was != nil && was.turn > next.turn {
			return was
		}
		if s.held.CompareAndSwap(was, next) {
			return next
		}
	}
}

// Open reads the settings for the form that changes them.
//
// Errors: fault.ErrUnavailable.
func (s *Service) Open(ctx context.Context) (Values, Stored, error) {
	k, err := s.read(ctx)
	if err != nil {
		return Values{}, Stored{}, fmt.Errorf("read settings: %w", err)
	}
	s.keep(k)
	return k.values.Clone(), k.stored.Clone(), nil
}

// Check reports what is wrong with values, by Key. What the configuration says itself is right.
//
// Errors: fault.Fields.
func (s *Service) Check(v Values) error {
	problems := fault.Fields{}
	if !errors.As(v.Check(), &problems) {
		return nil
	}
	for _, k := range Keys() {
		if same(s.base.Of(k), v.Of(k)) {
			delete(problems, string(k))
		}
	}
	return problems.Err()
}

// Save makes values hold; version is that of the form, as Open gave it. A value like the
// configuration's is not kept: it follows the configuration again.
//
// Errors: fault.Fields by Key; fault.ErrConflict when somebody else saved meanwhile;
// fault.ErrUnavailable.
func (s *Service) Save(ctx context.Context, v Values, version int64, by h.Staff) error {
	if err := s.Check(v); err != nil {
		return err
	}
	if version < 0 {
		return fmt.Errorf("version of the settings: %w", fault.ErrInvalid)
	}
	next := chosen(s.base, v)
	next.Version, next.ByID, next.ByName, next.At = version+1, by.ID, by.Name, s.now()
	if err := s.store.SaveSettings(ctx, next); err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	next = next.Clone() // this process shows them at once, and need not ask for that
	s.keep(&held{values: next.over(s.base), stored: next, at: s.now(), turn: s.turns.Add(1)})
	return nil
}
