package shortlink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// FreeLink is a link made by staff, for posters and groups. It owns one code, and may have a name
// besides.
type FreeLink struct {
	Link
	Title        string
	ByID, ByName string // who made it
	CreatedAt    time.Time
	UpdatedAt    time.Time // tells one version from the next
	Code         string    // of Link.First; the service fills it in
}

// State is where the link stands at a moment.
func (l FreeLink) State(now time.Time) FreeState {
	switch {
	case l.Archived:
		return FreeArchived
	case l.Over(now):
		return FreeOver
	}
	return FreeCurrent
}

// Form gives what staff said about the link.
func (l FreeLink) Form() FreeForm {
	return FreeForm{Title: l.Title, Target: l.Target, Slug: l.Slug, UTM: l.UTM, Expires: l.Expires}
}

// FreeForm is what staff say about a link. Title and Target are needed.
type FreeForm struct {
	Title   string // for staff only
	Target  string
	Slug    string // the last part of the address, besides the code; empty: only the code
	UTM     UTM
	Expires time.Time // zero: never
}

// is reports whether both say the same.
func (in FreeForm) is(other FreeForm) bool {
	same := in.Expires.Equal(other.Expires)
	in.Expires = other.Expires
	return same && in == other
}

// FreeState is where a link stands.
type FreeState string

// States.
const (
	FreeCurrent  FreeState = "current"
	FreeOver     FreeState = "over"     // expired
	FreeArchived FreeState = "archived" // taken back by staff
)

// FreeStates lists the states.
func FreeStates() []FreeState { return []FreeState{FreeCurrent, FreeOver, FreeArchived} }

// FreeView narrows the list of links.
type FreeView struct {
	State  FreeState // empty: all
	Search string    // a part of title, name or target in either case; empty: all
}

// FreeStore keeps the links; storage.Links implements it. Each method is one transaction.
type FreeStore interface {
	// InsertFree keeps a new link with a code of its own; form names the form it was made with, and
	// one form makes one link: the second time made is false and the link is the first one.
	// fault.ErrConflict: another link has the name.
	InsertFree(ctx context.Context, form string, l FreeLink) (kept FreeLink, made bool, err error)
	// UpdateFree keeps what l's form says, of the link and version that l has. A link that was ever
	// followed keeps the name that it has.
	//
	// fault.ErrConflict: another link has the name. ErrChanged: it is another version now.
	// ErrNamed: it was followed. fault.ErrNotFound.
	UpdateFree(ctx context.Context, l FreeLink, now time.Time) (FreeLink, error)
	// ArchiveFree takes a link back, or gives it back. fault.ErrNotFound.
	ArchiveFree(ctx context.Context, id LinkID, archived bool, now time.Time) error
	// FindFree gives a link, and whether it was ever followed. fault.ErrNotFound.
	FindFree(ctx context.Context, id LinkID) (l FreeLink, followed bool, err error)
	// ListFree gives links, the newest first, and the cursor of the next page, empty after the
	// last. fault.ErrInvalid: not a cursor.
	ListFree(ctx context.Context, v FreeView, now time.Time, after string, limit int) ([]FreeLink, string, error)
}

var (
	// ErrChanged says that somebody else changed the link meanwhile.
	ErrChanged = fmt.Errorf("shortlink: the link changed: %w", fault.ErrConflict)
	// ErrNamed says that the link was followed and has to keep its name.
	ErrNamed = fmt.Errorf("shortlink: the name is in use: %w", fault.ErrConflict)
)

// Free makes and changes links that staff hand out themselves. It is safe for concurrent use.
type Free struct {
	store FreeStore
	codes interface {
		Encode(ctx context.Context, key int, n Number) (string, error)
	}
	domains Domains
	now     func() time.Time
}

// NewFree makes the service; codes is a Ring.
func NewFree(store FreeStore, codes interface {
	Encode(ctx context.Context, key int, n Number) (string, error)
}, domains Domains, now func() time.Time) *Free {
	return &Free{store: store, codes: codes, domains: domains, now: now}
}

// Create makes a link. Key names the form, so that one that is sent twice makes one link.
//
// Errors: fault.Fields for "title", "target", "slug", "expires" and "utm.source" to "utm.term", and
// for "key" when the form has made a link already that says something else.
func (f *Free) Create(ctx context.Context, key string, in FreeForm, by hostadapter.Staff) (FreeLink, error) {
	in, problems := f.check(in, FreeForm{})
	if key == "" || len(key) > maxFormKey {
		problems.Add("key", "problem.missing")
	}
	if err := problems.Err(); err != nil {
		return FreeLink{}, err
	}
	now := f.now().UTC().Truncate(time.Microsecond)
	link, made, err := f.store.InsertFree(ctx, key, FreeLink{Link: in.link(), Title: in.Title, ByID: by.ID, ByName: by.Name, CreatedAt: now, UpdatedAt: now})
	switch {
	case errors.Is(err, fault.ErrConflict):
		return FreeLink{}, taken()
	case err != nil:
		return FreeLink{}, fmt.Errorf("make free link: %w", err)
	case !made && !link.Form().is(in):
		return FreeLink{}, fault.Fields{"key": {Key: "problem.form_used"}}
	}
	return f.coded(ctx, link)
}

// Check says what is wrong with what somebody wants to make of a link, or with a new one where was
// is the zero form, as far as one can tell without asking the store.
//
// Errors: fault.Fields.
func (f *Free) Check(in, was FreeForm) error {
	_, problems := f.check(in, was)
	return problems.Err()
}

// Update changes a link; version is the UpdatedAt that the change is on top of.
//
// Errors: fault.Fields as Create has; fault.ErrNotFound; ErrChanged.
func (f *Free) Update(ctx context.Context, id LinkID, version time.Time, in FreeForm) (FreeLink, error) {
	was, _, err := f.store.FindFree(ctx, id)
	if err != nil {
		return FreeLink{}, fmt.Errorf("change free link: %w", err)
	}
	in, problems := f.check(in, was.Form())
	if err := problems.Err(); err != nil {
		return FreeLink{}, err
	}
	if in.is(was.Form()) { // also a form that is sent twice
		return f.coded(ctx, was)
	}
	to := was
	to.Title, to.Target, to.Slug, to.UTM, to.Expires, to.UpdatedAt = in.Title, in.Target, in.Slug, in.UTM, in.Expires, version
	link, err := f.store.UpdateFree(ctx, to, f.now())
	switch {
	case errors.Is(err, ErrNamed):
		return FreeLink{}, fault.Fields{"slug": {Key: "problem.slug_used"}}
	case errors.Is(err, fault.ErrConflict) && !errors.Is(err, ErrChanged):
		return FreeLink{}, taken()
	case err != nil:
		return FreeLink{}, fmt.Errorf("change free link: %w", err)
	}
	return f.coded(ctx, link)
}

// Archive takes a link back: it leads nowhere, and its name stays its own. Doing it twice is no
// error.
//
// Errors: fault.ErrNotFound.
func (f *Free) Archive(ctx context.Context, id LinkID) error {
	return f.store.ArchiveFree(ctx, id, true, f.now())
}

// Restore undoes Archive.
//
// Errors: fault.ErrNotFound.
func (f *Free) Restore(ctx context.Context, id LinkID) error {
	return f.store.ArchiveFree(ctx, id, false, f.now())
}

// Find gives a link, and whether it was ever followed: then its name cannot change any more.
//
// Errors: fault.ErrNotFound.
func (f *Free) Find(ctx context.Context, id LinkID) (FreeLink, bool, error) {
	link, followed, err := f.store.FindFree(ctx, id)
	if err != nil {
		return FreeLink{}, false, err
	}
	link, err = f.coded(ctx, link)
	return link, followed, err
}

// List gives links, the newest first, beginning after a cursor, and the next page's cursor, empty
// after the last.
//
// Errors: fault.ErrInvalid for a text that is no cursor.
func (f *Free) List(ctx context.Context, v FreeView, after string, limit int) ([]FreeLink, string, error) {
	list, next, err := f.store.ListFree(ctx, v, f.now(), after, limit)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		if list[i], err = f.coded(ctx, list[i]); err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

func (f *Free) coded(ctx context.Context, l FreeLink) (FreeLink, error) {
	var err error
	if l.Code, err = f.codes.Encode(ctx, l.Key, l.First); err != nil {
		return l, fmt.Errorf("code of free link %d: %w", l.ID, err)
	}
	return l, nil
}
