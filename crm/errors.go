package crm

import (
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/storage"
)

// Errors that New, Migrate, Notify and others may wrap. Compare with errors.Is.
var (
	// ErrSchemaOutdated says that Migrate has not run for this version.
	ErrSchemaOutdated = storage.ErrSchemaOutdated
	// ErrUnavailable says that PostgreSQL or Redis does not answer just now.
	ErrUnavailable = fault.ErrUnavailable
	// ErrConflict says that somebody else was first, or that nothing is left to do.
	ErrConflict = fault.ErrConflict
	// ErrInvalid says that a value was not accepted.
	ErrInvalid = fault.ErrInvalid
)
