package desk

import (
	"context"
	"errors"
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Failure is what is said about an error. Its words are ours: the error's own text may hold
// anything and goes to the log alone.
type Failure struct {
	Status int
	Word   string // of the messages error.title.<word> and error.text.<word>
}

// FailureOf is the only place that turns errors into status codes.
func FailureOf(err error) Failure {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, ErrTooLarge):
		return Failure{http.StatusRequestEntityTooLarge, "large"}
	case errors.Is(err, ErrMethod):
		return Failure{http.StatusMethodNotAllowed, "method"}
	case errors.Is(err, ErrCrossOrigin):
		return Failure{http.StatusForbidden, "origin"}
	case errors.Is(err, ErrScope):
		return Failure{http.StatusForbidden, "scope"}
	case errors.Is(err, hostadapter.ErrUnauthenticated):
		return Failure{http.StatusUnauthorized, "login"}
	case errors.Is(err, fault.ErrForbidden):
		return Failure{http.StatusForbidden, "forbidden"}
	case errors.Is(err, fault.ErrNotFound):
		return Failure{http.StatusNotFound, "missing"}
	case errors.Is(err, fault.ErrInvalid):
		return Failure{http.StatusUnprocessableEntity, "invalid"}
	case errors.Is(err, fault.ErrConflict):
		return Failure{http.StatusConflict, "conflict"}
	case errors.Is(err, fault.ErrUnavailable), errors.Is(err, hostadapter.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded):
		return Failure{http.StatusServiceUnavailable, "busy"}
	}
	return Failure{http.StatusInternalServerError, "broken"}
}

// Failures lists the words of all failures, so that a test can hold the message files to them.
func Failures() []string {
	return []string{"large", "method", "origin", "scope", "login", "forbidden", "missing", "invalid", "conflict", "busy", "broken"}
}
