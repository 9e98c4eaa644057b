package shortlink

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// KeyStore keeps the keys of codes; storage.Links implements it.
type KeyStore interface {
	// Keys gives all keys, making the first where there is none.
	Keys(ctx context.Context) ([]Key, error)
}

// Ring is a coder whose keys other processes may add to: when it meets a version that it does not
// know it asks the store. It is safe for concurrent use.
type Ring struct {
	store  KeyStore
	now    func() time.Time
	coder  atomic.Pointer[Coder]
	asked  atomic.Pointer[time.Time] // when the store last answered, or did not
	flight singleflight.Group
}

const (
	askAgain   = time.Second     // strangers' codes, most of them of no known version, ask no sooner
	askTimeout = 2 * time.Second // then the store is taken to be away
)

// NewRing makes a ring of the store's keys.
//
// Errors: the store's; keys of which NewCoder makes no coder.
func NewRing(ctx context.Context, store KeyStore, now func() time.Time) (*Ring, error) {
	r := &Ring{store: store, now: now}
	if err := r.ask(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Encode is Coder.Encode. The store is asked as often as need be: the version is a link's, not a
// stranger's.
//
// Errors: ErrKey for a version that the store does not have either; fault.ErrUnavailable when it
// cannot be asked; a number out of range.
func (r *Ring) Encode(ctx context.Context, version int, n Number) (string, error) {
	code, err := r.coder.Load().Encode(version, n)
	for range 2 { // an answer that others wait for too may be older than the key
		if !errors.Is(err, ErrKey) {
			break
		}
		if err := r.learn(ctx); err != nil {
			return "", fmt.Errorf("%w: learn key %d of codes: %w", fault.ErrUnavailable, version, err)
		}
		code, err = r.coder.Load().Encode(version, n)
	}
	return code, err
}

// Decode is Coder.Decode. The store is asked at most once a second, so a version that is younger
// may be unknown here.
//
// Errors: ErrMalformed; ErrKey for a version that is not known, be it that the store is away.
func (r *Ring) Decode(ctx context.Context, code string) (version int, n Number, err error) {
	coder := r.coder.Load()
	version, n, err = coder.Decode(code)
	if !errors.Is(err, ErrKey) {
		return version, n, err
	}
	if r.now().Sub(*r.asked.Load()) >= askAgain {
		if err := r.learn(ctx); err != nil {
			return version, 0, ErrKey
		}
	}
	if now := r.coder.Load(); now != coder { // somebody may have learned it between our two looks
		return now.Decode(code)
	}
	return version, n, err
}

// learn asks the store, together with all who do at the same time. It outlives a caller who goes
// away: the others wait for it.
func (r *Ring) learn(ctx context.Context) error {
	answer := r.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
		defer cancel()
		return nil, r.ask(ctx)
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case a := <-answer:
		return a.Err
	}
}

func (r *Ring) ask(ctx context.Context) error {
	// After the coder is there, so that who finds the time finds the coder. A failure counts too.
	defer func() {
		now := r.now()
		r.asked.Store(&now)
	}()
	keys, err := r.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("read keys of codes: %w", err)
	}
	coder, err := NewCoder(keys...)
	if err != nil {
		return err
	}
	r.coder.Store(coder)
	return nil
}
