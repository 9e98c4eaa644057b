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

// salts remembers the salt of the day. While the database is away a salt of this process's own
// stands in: a visitor who comes to two processes is two for as long.
type salts struct {
	store saltStore
	now   func() time.Time

	mu    sync.Mutex
	day   time.Time
	salt  []byte
	asked time.Time // of a salt that stands in; zero: it is the day's
}

func (s *salts) of(ctx context.Context, at time.Time) []byte {
	day := at.Truncate(24 * time.Hour)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day.Equal(day) && (s.asked.IsZero() || at.Sub(s.asked) < awayFor) {
		return s.salt
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
	defer cancel()
	salt, err := s.store.Salt(ctx, day)
	if err == nil {
		s.day, s.salt, s.asked = day, salt, time.Time{}
		return salt
	}
	if !s.day.Equal(day) {
		s.day, s.salt = day, make([]byte, 32)
		rand.Read(s.salt) // never fails, says its documentation
	}
	s.asked = s.now()
	return s.salt
}
