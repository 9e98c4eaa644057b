package shortlink

import (
	"context"
	"crypto/rand"
	"sync"
	"time"
)

// saltStore keeps the salts of the days.
type saltStore interface {
	Salt(ctx context.Context, day time.Time) ([]byte, error)
}

// salts remembers the salt of the day. Nobody waits for it: until the database has said it, and
// while it is away, a salt of this process's own stands in, and a visitor who comes before and after
// is two.
type salts struct {
	store saltStore

	mu    sync.Mutex
	day   time.Time
	salt  []byte
	known bool      // it is the day's; else one that stands in
	asked time.Time // for the day's
}

func (s *salts) of(at time.Time) []byte {
	day := at.Truncate(24 * time.Hour)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.day.Equal(day) {
		s.day, s.salt, s.known, s.asked = day, make([]byte, 32), false, time.Time{}
		rand.Read(s.salt) // never fails, says its documentation
	}
	if !s.known && at.Sub(s.asked).Abs() >= awayFor {
		s.asked = at
		go s.ask(day)
	}
	return s.salt
}

func (s *salts) ask(day time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	salt, err := s.store.Salt(ctx, day)
	if err != nil {
		return // asked again with a later visitor
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day.Equal(day) {
		s.salt, s.known = salt, true
	}
}
