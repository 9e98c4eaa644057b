// Package desk is what the panel and the JSON API do alike, so that neither can do it otherwise:
// who is let in, how failures are told apart, what goes to the record, what is hidden of a
// contact, and what may be done to a campaign as it stands. It answers no request itself.
package desk

import (
	"errors"
	"fmt"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Refusals of a request as such. Compare with errors.Is.
var (
	ErrTooLarge    = errors.New("body too large")
	ErrCrossOrigin = errors.New("request sent from another site")
	ErrMethod      = errors.New("method not allowed")
	ErrScope       = errors.New("data scope not supported")
)

// Admit lets in whom the host's StaffAuthenticator gave, or says why not; err is what it said.
// Nobody is let in without PermView.
//
// Errors: hostadapter.ErrUnauthenticated; fault.ErrForbidden; ErrScope.
func Admit(staff hostadapter.Staff, err error, needs hostadapter.Permission) error {
	switch {
	case err != nil:
		return fmt.Errorf("who asks: %w", err)
	case !staff.May(hostadapter.PermView), !staff.May(needs):
		return fmt.Errorf("%w: needs %s", fault.ErrForbidden, needs)
	case staff.Scope != hostadapter.ScopeAll:
		// The services cannot narrow people down to a team yet; showing all would be a leak.
		return ErrScope
	}
	return nil
}
