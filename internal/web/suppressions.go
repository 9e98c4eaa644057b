package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// suppressionsPage lists the contacts that nobody is written to at.
type suppressionsPage struct {
	Frame
	Rows     []suppressionRow
	Channels []choiceLink
	Pager    pager
	Whole    bool // contacts are shown whole
	MayShow  bool
	MayEdit  bool
	Channel  hostadapter.Channel
	After    string // sealed
	Asked    bool   // one contact was looked up; Rows are what was found
	Lookup   string // as typed
	Text     string // to be added, as typed
	Longest  int
	Removed  bool
	Problems []fieldProblem
}

// For gives the problem of a field; its Key is empty when there is none.
func (p suppressionsPage) For(field string) fault.Problem { return problemOf(p.Problems, field) }

// suppressionFields are the fields of the forms, in order.
func suppressionFields() []string { return []string{"contact", "text", "file"} }

// suppressionRow is a contact of the list, masked unless it was asked for.
type suppressionRow struct {
	Channel  hostadapter.Channel
	Contact  string
	Reason   campaign.SuppressionReason
	At       time.Time
	Campaign string // the page of the campaign that proved it; empty: none
	Sealed   string // names the contact in a form
}

// suppressionReasons lists why a contact can be suppressed.
func suppressionReasons() []campaign.SuppressionReason {
	return []campaign.SuppressionReason{campaign.SuppressedInvalid, campaign.SuppressedComplaint, campaign.SuppressedImport}
}

// What a sealed text is for.
const (
	sealCursor  = "cursor of suppressions"
	sealContact = "suppressed contact"
)

const suppressionsPerPage = 50

// suppressions shows the list, masked.
func (w *Web) suppressions(q *request) error {
	v := q.r.URL.Query()
	return w.showSuppressions(q, http.StatusOK, suppressionsPage{Channel: hostadapter.Channel(v.Get("channel")), After: v.Get("after"), Removed: v.Get("removed") == "1"})
}

// suppressionsWhole shows a page of the list whole, and leaves a record of it.
func (w *Web) suppressionsWhole(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	p := suppressionsPage{Channel: hostadapter.Channel(q.r.PostForm.Get("channel")), After: q.r.PostForm.Get("after"), Whole: true}
	if err := w.record(q, audit.ContactShown, "suppressions", map[string]any{"channel": p.Channel}); err != nil {
		return err
	}
	return w.showSuppressions(q, http.StatusOK, p)
}

// suppressionLookup tells whether one contact is on the list. It comes in the body: no contact is
// in an address.
func (w *Web) suppressionLookup(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	p := suppressionsPage{Lookup: strings.TrimSpace(q.r.PostForm.Get("contact")), Asked: true}
	if w.cleanContact(p.Lookup) == "" {
		p.Asked = false // the list stays
		p.Problems = []fieldProblem{{"contact", fault.Problem{Key: "problem.contact"}}}
		return w.showSuppressions(q, http.StatusUnprocessableEntity, p)
	}
	return w.showSuppressions(q, http.StatusOK, p)
}

// cleanContact gives a typed address or number as learners' are kept; empty: it is none.
func (w *Web) cleanContact(text string) string {
	ch := hostadapter.ChannelSMS
	if strings.Contains(text, "@") {
		ch = hostadapter.ChannelEmail
	}
	return w.Campaigns.Settings().Clean(ch, text)
}

func (w *Web) showSuppressions(q *request, status int, p suppressionsPage) error {
	channels := []hostadapter.Channel{"", hostadapter.ChannelSMS, hostadapter.ChannelEmail}
	if !slices.Contains(channels, p.Channel) {
		return fault.ErrNotFound
	}
	after, err := w.sealer.Open(sealCursor, p.After)
	if err != nil {
		return fmt.Errorf("place in the list of suppressions: %w", fault.ErrNotFound)
	}
	p.MayShow, p.MayEdit = q.may(hostadapter.PermContactView), q.may(hostadapter.PermSettings)
	contact := ""
	if p.Asked {
		contact = p.Lookup
	}
	list, next, err := w.Consents.Suppressions(q.ctx(), p.Channel, contact, after, suppressionsPerPage)
	if err != nil {
		return err
	}
	for _, s := range list {
		p.Rows = append(p.Rows, w.suppressionRow(s, p.Whole))
	}
	next = w.sealer.Seal(sealCursor, next)
	p.Pager = newPager(p.After, next, w.paths.Suppressions(p.Channel, ""), w.paths.Suppressions(p.Channel, next), "suppressions")
	for _, ch := range channels {
		p.Channels = append(p.Channels, choiceLink{string(ch), w.paths.Suppressions(ch, ""), ch == p.Channel && !p.Asked})
	}
	p.Longest = campaign.MaxImport
	if q.target() == "suppressions" {
		return w.render(q, status, "suppressions#suppressions", p)
	}
	p.Frame = w.frame(q, "suppressions.title", "suppressions")
	return w.render(q, status, "suppressions", p)
}

func (w *Web) suppressionRow(s campaign.Suppression, whole bool) suppressionRow {
	row := suppressionRow{Channel: s.Channel, Contact: s.Contact, Reason: s.Reason, At: s.At,
		Sealed: w.sealer.Seal(sealContact, string(s.Channel)+" "+s.Contact)}
	if s.Campaign != 0 {
		row.Campaign = w.paths.Campaign(s.Campaign, "", "")
	}
	switch {
	case whole:
	case s.Channel == hostadapter.ChannelEmail:
		row.Contact = desk.MaskEmail(s.Contact)
	default:
		row.Contact = desk.MaskMobile(s.Contact)
	}
	return row
}

// suppressionRemove takes a contact off the list.
func (w *Web) suppressionRemove(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	text, err := w.sealer.Open(sealContact, q.r.PostForm.Get("sealed"))
	ch, contact, ok := strings.Cut(text, " ")
	if err != nil || !ok {
		return fmt.Errorf("which contact: %w", fault.ErrInvalid)
	}
	if err := w.record(q, audit.SuppressionRemoved, "suppressions", map[string]any{"channel": ch}); err != nil {
		return err
	}
	err = w.Consents.Unsuppress(q.ctx(), hostadapter.Channel(ch), contact)
	if err != nil && !errors.Is(err, fault.ErrNotFound) { // somebody else was first
		return err
	}
	to := w.paths.Suppressions("", "")
	return q.redirect(to + "?removed=1")
}
