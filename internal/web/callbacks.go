package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// maxReport bounds what a provider reports at once.
const maxReport = 1 << 20

// callback hands what a provider reports to who takes it. What is refused for good is answered
// so that it is not sent again, and what we could not keep so that it is. The body is in no log,
// nor an error about it, which may quote it.
func (w *Web) callback(rw http.ResponseWriter, r *http.Request) {
	q := newRequest(rw, r, desk.RequestID())
	defer w.rescuePublic(q)
	privately(rw.Header())
	name := r.PathValue("name")
	take, ok := w.Callbacks[name]
	if !ok {
		w.publicFail(rw, r, fault.ErrNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxReport))
	if err != nil {
		status := http.StatusBadRequest // the sender broke off
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		plainAnswer(rw, status)
		return
	}
	err = take(r.Context(), r.Header, body)
	status := http.StatusServiceUnavailable
	switch {
	case err == nil:
		rw.WriteHeader(http.StatusNoContent)
		return
	case errors.Is(err, fault.ErrForbidden):
		status = http.StatusForbidden
	case errors.Is(err, fault.ErrInvalid):
		status = http.StatusBadRequest
	default:
		rw.Header().Set("Retry-After", "5")
		w.Log.ErrorContext(r.Context(), "web: report of a provider not kept", "request", q.id, "callback", name, "err", err)
	}
	if status < http.StatusInternalServerError {
		w.Log.WarnContext(r.Context(), "web: report of a provider refused", "request", q.id, "callback", name, "status", status)
	}
	plainAnswer(rw, status)
}

func plainAnswer(rw http.ResponseWriter, status int) { http.Error(rw, http.StatusText(status), status) }
