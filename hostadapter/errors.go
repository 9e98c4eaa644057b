package hostadapter

import "errors"

// Sentinels a host may return, plain or wrapped.
var (
	// ErrCursorExpired says that a cursor can no longer be resumed; the feed is walked again
	// from the beginning. Nothing is lost by it, but the walk is long.
	ErrCursorExpired = errors.New("hostadapter: cursor expired")

	// ErrUnavailable says that the host cannot answer just now; the call is tried again.
	ErrUnavailable = errors.New("hostadapter: host unavailable")

	// ErrUnauthenticated says that nobody is logged in.
	ErrUnauthenticated = errors.New("hostadapter: not logged in")

	// ErrInvalidCursor says that a cursor is not one that this host made.
	ErrInvalidCursor = errors.New("hostadapter: invalid cursor")
)
