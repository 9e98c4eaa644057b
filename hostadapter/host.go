package hostadapter

import (
	"context"
	"net/http"
)

// HostAdapter is what every host provides. Its methods are called by several goroutines at once.
//
// The feeds share one meaning. Each returns at most limit rows (1 to [MaxPage]) that changed
// after the cursor; the zero Cursor means from the beginning. Rows come in the order of
// (UpdatedAt, ID), where ids may sort as the host sorts them (but alike in every walk), offerings of
// two types are told apart by Type, and memberships go by LearnerID. A row that changes during a walk is fed again later, never skipped. A deleted
// row is fed once more with Deleted set.
//
// Errors of a feed: [ErrCursorExpired] restarts it from the zero Cursor; [ErrUnavailable] is
// retried with backoff; any other error is retried too, more slowly, and shown to staff. A feed
// that has the context's error returns it.
type HostAdapter interface {
	LearnerSource
	OfferingSource
	OrderSource
	EnrollmentSource
	StaffAuthenticator
}

// LearnerSource feeds every account that may appear in the CRM.
type LearnerSource interface {
	Learners(ctx context.Context, after Cursor, limit int) (Page[Learner], error)
}

// OfferingSource feeds courses and classrooms.
type OfferingSource interface {
	Offerings(ctx context.Context, after Cursor, limit int) (Page[Offering], error)
}

// OrderSource feeds orders, each whole: with all its items and refunds.
type OrderSource interface {
	Orders(ctx context.Context, after Cursor, limit int) (Page[Order], error)
}

// EnrollmentSource feeds the places of learners in offerings.
type EnrollmentSource interface {
	Enrollments(ctx context.Context, after Cursor, limit int) (Page[Enrollment], error)
}

// StaffAuthenticator says who is behind a request to the CRM's admin pages.
type StaffAuthenticator interface {
	// Staff reads the host's own session from r. It is asked on every request, so it should
	// not be slow; the CRM keeps no session of its own.
	//
	// Errors: [ErrUnauthenticated] when nobody is logged in (the CRM answers 401, or redirects
	// to [Staff.LoginURL] when that is set on the returned value); [ErrUnavailable] is 503.
	Staff(r *http.Request) (Staff, error)
}
