package campaign

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// ConsentSource is how we came to know what a person wants.
type ConsentSource string

// Sources.
const (
	FromPage     ConsentSource = "page"      // the unsubscribe page
	FromOneClick ConsentSource = "one_click" // the mail program's button, RFC 8058
	FromReply    ConsentSource = "reply"     // an SMS saying so
	FromStaff    ConsentSource = "staff"     // told to staff, who entered it
	FromHost     ConsentSource = "host"      // the host, asked when the message was about to leave
	FromErasure  ConsentSource = "erasure"   // nobody said so: the person's data was wiped
)

// PurposeMarketing is what consent is about: campaigns, and messages to one person too.
const PurposeMarketing = "marketing"

// ConsentChange is one entry of a person's record.
type ConsentChange struct {
	Person   segment.PersonID
	Channel  h.Channel
	State    h.ConsentState // granted or denied
	Source   ConsentSource
	Campaign ID     // whose message brought it about; 0: none
	ByID     string // the member of staff; empty: the person
	At       time.Time
}

// Suppression is a contact that is not written to, whoever has it.
type Suppression struct {
	Channel  h.Channel
	Contact  string
	Reason   SuppressionReason
	Campaign ID // whose message proved it; 0: none
	At       time.Time
}

// SuppressionReason is why a contact is suppressed.
type SuppressionReason string

// Reasons of a suppression.
const (
	SuppressedInvalid   SuppressionReason = "invalid"   // hard bounce, no such number
	SuppressedComplaint SuppressionReason = "complaint" // the recipient complained, or the provider bars it
	SuppressedImport    SuppressionReason = "import"    // entered or uploaded by staff
)

// ConsentStore keeps consents and suppressions; storage.Campaigns implements it. Each method is
// one transaction.
type ConsentStore interface {
	// Recipient tells who a delivery went to. fault.ErrNotFound
	Recipient(ctx context.Context, t OptOutToken) (Campaign, segment.PersonID, h.ConsentState, error)
	// SetConsents enters changes; one that changes nothing is not entered again.
	SetConsents(ctx context.Context, changes []ConsentChange) error
	// Consents gives a person's record, the latest first.
	Consents(ctx context.Context, p segment.PersonID, limit int) ([]ConsentChange, error)
	// Holders lists the people with a contact.
	Holders(ctx context.Context, ch h.Channel, contact string) ([]segment.PersonID, error)
	// Suppress enters contacts and tells how many were new.
	Suppress(ctx context.Context, list []Suppression, byID string) (int, error)
	// Unsuppress takes contacts off again and tells how many were there.
	Unsuppress(ctx context.Context, ch h.Channel, contacts []string) (int, error)
	// Suppressions lists, the latest first. channel and contact narrow; empty: all.
	Suppressions(ctx context.Context, ch h.Channel, contact, after string, limit int) ([]Suppression, string, error)
}

// Consents keeps what people want. It is safe for concurrent use.
type Consents struct {
	store  ConsentStore
	secret []byte
	now    func() time.Time
	clean  func(ch h.Channel, contact string) string
}

// NewConsents makes the service. clean brings a contact into the form in which learners' are
// kept, and gives "" for one that is none.
func NewConsents(store ConsentStore, secret []byte, clean func(h.Channel, string) string, now func() time.Time) *Consents {
	return &Consents{store: store, secret: secret, now: now, clean: clean}
}

// OptOut is what an unsubscribe page is about.
type OptOut struct {
	Campaign ID
	Channel  h.Channel
	Out      bool // has opted out
	Test     bool // of a message to oneself, which nobody can unsubscribe from; the rest is zero
	token    OptOutToken
	person   segment.PersonID
}

// Find opens the token of an unsubscribe page.
//
// Errors: fault.ErrNotFound.
func (s *Consents) Find(ctx context.Context, token string) (OptOut, error) {
	t, err := OpenOptOut(s.secret, token)
	if err != nil {
		return OptOut{}, fmt.Errorf("unsubscribe: %w", fault.ErrNotFound)
	}
	if t.Campaign == 0 {
		return OptOut{Test: true}, nil
	}
	c, person, state, err := s.store.Recipient(ctx, t)
	if err != nil {
		return OptOut{}, fmt.Errorf("unsubscribe: %w", err)
	}
	return OptOut{Campaign: c.ID, Channel: c.Channel, Out: state == h.ConsentDenied, token: t, person: person}, nil
}

// Answer enters what the person on an unsubscribe page decided. Deciding the same again changes
// nothing.
//
// Errors: fault.ErrNotFound.
func (s *Consents) Answer(ctx context.Context, token string, state h.ConsentState, source ConsentSource) (OptOut, error) {
	o, err := s.Find(ctx, token)
	if err != nil || o.Test {
		return o, err
	}
	err = s.store.SetConsents(ctx, []ConsentChange{{Person: o.person, Channel: o.Channel, State: state, Source: source, Campaign: o.Campaign, At: s.now()}})
	if err != nil {
		return o, fmt.Errorf("unsubscribe: %w", err)
	}
	o.Out = state == h.ConsentDenied
	return o, nil
}

// Reply enters that whoever has a number does not want SMS any more.
func (s *Consents) Reply(ctx context.Context, mobile string) error {
	contact := s.clean(h.ChannelSMS, mobile)
	if contact == "" {
		return nil
	}
	people, err := s.store.Holders(ctx, h.ChannelSMS, contact)
	if err != nil {
		return fmt.Errorf("opt out by reply: %w", err)
	}
	if len(people) == 0 { // nobody of ours: the number itself is left alone from now on
		_, err := s.store.Suppress(ctx, []Suppression{{Channel: h.ChannelSMS, Contact: contact, Reason: SuppressedComplaint, At: s.now()}}, "")
		return err
	}
	changes := make([]ConsentChange, len(people))
	for i, p := range people {
		changes[i] = ConsentChange{Person: p, Channel: h.ChannelSMS, State: h.ConsentDenied, Source: FromReply, At: s.now()}
	}
	return s.store.SetConsents(ctx, changes)
}

// Set enters what a person told staff.
//
// Errors: fault.ErrInvalid for a channel or state that is none.
func (s *Consents) Set(ctx context.Context, p segment.PersonID, ch h.Channel, state h.ConsentState, by h.Staff) error {
	if !knownChannel(ch) || state != h.ConsentGranted && state != h.ConsentDenied {
		return fmt.Errorf("%w: consent", fault.ErrInvalid)
	}
	return s.store.SetConsents(ctx, []ConsentChange{{Person: p, Channel: ch, State: state, Source: FromStaff, ByID: by.ID, At: s.now()}})
}

func knownChannel(ch h.Channel) bool {
	return ch == h.ChannelSMS || ch == h.ChannelEmail || ch == h.ChannelMessage
}

// Record gives a person's entries, the latest first.
func (s *Consents) Record(ctx context.Context, p segment.PersonID) ([]ConsentChange, error) {
	return s.store.Consents(ctx, p, 100)
}

// ErrNoContact says that a text is no address or number.
var ErrNoContact = errors.New("neither an address nor a number")

// Imported is what became of an uploaded suppression list.
type Imported struct {
	New, Known int
	Wrong      []int // lines, from 1, that are no contact
}

// MaxImport is how many lines a suppression list may have.
const MaxImport = 200_000

// Import enters contacts, one a line: an address for e-mail, a number for SMS. Empty lines and
// what follows a comma are ignored.
//
// Errors: fault.ErrInvalid for too many lines.
func (s *Consents) Import(ctx context.Context, text string, by h.Staff) (Imported, error) {
	var out Imported
	var list []Suppression
	seen := map[[2]string]bool{}
	lines := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "\uFEFF"), "\n"), "\n")
	if len(lines) > MaxImport {
		return out, fmt.Errorf("%w: more than %d lines", fault.ErrInvalid, MaxImport)
	}
	for i, line := range lines {
		word, _, _ := strings.Cut(line, ",")
		if word = strings.TrimSpace(strings.Trim(strings.TrimSpace(word), `"`)); word == "" {
			continue
		}
		ch := h.ChannelSMS
		if strings.Contains(word, "@") {
			ch = h.ChannelEmail
		}
		contact := s.clean(ch, word)
		if contact == "" {
			out.Wrong = append(out.Wrong, i+1)
			continue
		}
		if key := [2]string{string(ch), contact}; !seen[key] {
			seen[key] = true
			list = append(list, Suppression{Channel: ch, Contact: contact, Reason: SuppressedImport, At: s.now()})
		}
	}
	n, err := s.store.Suppress(ctx, list, by.ID)
	if err != nil {
		return out, fmt.Errorf("import suppressions: %w", err)
	}
	out.New, out.Known = n, len(list)-n
	return out, nil
}

// Unsuppress takes a contact off the list.
//
// Errors: ErrNoContact, wrapped in fault.ErrInvalid; fault.ErrNotFound.
func (s *Consents) Unsuppress(ctx context.Context, ch h.Channel, contact string) error {
	clean := s.clean(ch, contact)
	if clean == "" {
		return fmt.Errorf("%w: %w", fault.ErrInvalid, ErrNoContact)
	}
	n, err := s.store.Unsuppress(ctx, ch, []string{clean})
	if err == nil && n == 0 {
		err = fmt.Errorf("suppressed contact: %w", fault.ErrNotFound)
	}
	return err
}

// Suppressions lists suppressed contacts, the latest first; contact narrows to one, empty: all.
func (s *Consents) Suppressions(ctx context.Context, ch h.Channel, contact, after string, limit int) ([]Suppression, string, error) {
	if contact != "" {
		guess := ch
		if guess == "" {
			guess = h.ChannelSMS
			if strings.Contains(contact, "@") {
				guess = h.ChannelEmail
			}
		}
		if contact = s.clean(guess, contact); contact == "" {
			return nil, "", nil
		}
	}
	return s.store.Suppressions(ctx, ch, contact, after, limit)
}
