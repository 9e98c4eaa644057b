package campaign

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Draft is a campaign that is being written. Its Key becomes the campaign's when it is launched,
// so it is launched once however often the button is pressed.
type Draft struct {
	Key      string             `json:"-"`
	Name     string             `json:"name"`
	Channel  h.Channel          `json:"channel"`
	Rule     segment.Rule       `json:"rule"`
	Unticked []segment.PersonID `json:"unticked,omitempty"`
	CapDays  int                `json:"cap_days,omitempty"`
	Control  int                `json:"control,omitempty"`
	Content  Content            `json:"content"`
	Fill     Fill               `json:"fill"`
	Template TemplateRef        `json:"template,omitzero"`
	SendAt   time.Time          `json:"send_at,omitzero"` // zero: at once
	Direct   bool               `json:"direct,omitempty"` // to one person
	ByID     string             `json:"-"`                // whose draft it is
	SavedAt  time.Time          `json:"-"`
}

// Drafts keeps drafts; storage.Campaigns implements it. Each method is one transaction.
type Drafts interface {
	// SaveDraft keeps a draft; fault.ErrConflict when a campaign was launched with its key.
	SaveDraft(ctx context.Context, d Draft) error
	FindDraft(ctx context.Context, key string) (Draft, error) // fault.ErrNotFound
	DropDraft(ctx context.Context, key string) error
	// ListDrafts gives a person's latest drafts.
	ListDrafts(ctx context.Context, byID string, limit int) ([]Draft, error)
}

// Limits of a draft.
const (
	MaxName    = 100
	MaxCapDays = 365
	MaxControl = 50 // percent
	// MaxAhead is how far ahead a campaign may be scheduled.
	MaxAhead = 366 * 24 * time.Hour
	MaxDraft = 512 << 10 // bytes of JSON
)

// NewDraft begins a campaign to the people of a rule. What a page has wrapped around it, people
// taken out by hand and those contacted recently, becomes lines of the waterfall.
func (s *Service) NewDraft(ctx context.Context, ch h.Channel, r segment.Rule, by h.Staff) (Draft, error) {
	base, unticked, days := segment.Unwrap(r)
	d := Draft{Key: rand.Text(), Channel: ch, Rule: base, Unticked: unticked, CapDays: s.Settings().CapDays, ByID: by.ID}
	if days > 0 {
		d.CapDays = days
	}
	if ch == h.ChannelEmail {
		d.Content.Blocks = []Block{{Kind: BlockText}} // to begin writing in
	}
	return d, s.SaveDraft(ctx, d, by)
}

// NewDirect begins a message to one person.
func (s *Service) NewDirect(ctx context.Context, ch h.Channel, to segment.PersonID, by h.Staff) (Draft, error) {
	d := Draft{Key: rand.Text(), Channel: ch, Direct: true, ByID: by.ID,
		Rule: segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{int64(to)}, ""))}
	return d, s.SaveDraft(ctx, d, by)
}

// OnlyPerson tells whom a rule is about if it is NewDirect's. Another one must not pass for a
// message to one person, which no cap holds back.
func OnlyPerson(r segment.Rule) (segment.PersonID, bool) {
	var ids []int64
	if len(r.All) != 1 || r.All[0].Field != "learner" || r.All[0].Op != segment.OpIn || json.Unmarshal(r.All[0].Value, &ids) != nil || len(ids) != 1 {
		return 0, false
	}
	return segment.PersonID(ids[0]), true
}

// Copy begins a campaign with what another one says. Its time is not copied.
func (s *Service) Copy(ctx context.Context, id ID, by h.Staff) (Draft, error) {
	c, err := s.store.Find(ctx, id)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{Key: rand.Text(), Name: c.Name, Channel: c.Channel, Rule: c.Rule, Unticked: c.Unticked, CapDays: c.CapDays,
		Control: c.Control, Content: c.Content, Fill: c.Fill, Template: c.Template, Direct: c.Direct, ByID: by.ID}
	return d, s.SaveDraft(ctx, d, by)
}

// SaveDraft keeps what was written so far, right or wrong: a draft may be incomplete.
//
// Errors: fault.ErrConflict when it was launched meanwhile, fault.ErrInvalid when it is too large,
// fault.ErrForbidden when it is somebody else's, fault.Fields about "audience" when it is to one
// person whose data was wiped.
func (s *Service) SaveDraft(ctx context.Context, d Draft, by h.Staff) error {
	if d.ByID != by.ID {
		return fmt.Errorf("draft of somebody else: %w", fault.ErrForbidden)
	}
	d.SavedAt = s.now()
	return s.drafts.SaveDraft(ctx, d)
}

// Draft gives a draft of one's own.
//
// Errors: fault.ErrNotFound, fault.ErrForbidden.
func (s *Service) Draft(ctx context.Context, key string, by h.Staff) (Draft, error) {
	d, err := s.drafts.FindDraft(ctx, key)
	if err == nil && d.ByID != by.ID {
		err = fmt.Errorf("draft of somebody else: %w", fault.ErrForbidden)
	}
	return d, err
}

// DropDraft throws a draft of one's own away.
func (s *Service) DropDraft(ctx context.Context, key string, by h.Staff) error {
	if _, err := s.Draft(ctx, key, by); err != nil {
		return err
	}
	return s.drafts.DropDraft(ctx, key)
}

// ListDrafts gives one's latest drafts.
func (s *Service) ListDrafts(ctx context.Context, by h.Staff) ([]Draft, error) {
	return s.drafts.ListDrafts(ctx, by.ID, 20)
}

// checked is a draft that was looked at.
type checked struct {
	Draft
	letter *Letter // nil: the content does not compile
	people segment.Predicate
}

// check looks at a draft as launching does; asked is false while it is still being written, when
// a missing name or a time that has passed is no problem yet.
func (s *Service) check(ctx context.Context, d Draft) (checked, fault.Fields, error) {
	problems := fault.Fields{}
	d.Name = strings.TrimSpace(d.Name)
	out := checked{Draft: d}
	switch {
	case d.Direct:
	case d.Name == "":
		problems.Add("name", "problem.missing")
	case utf8.RuneCountInString(d.Name) > MaxName:
		problems.Add("name", "problem.long", MaxName)
	}
	if _, ok := s.channels[d.Channel]; !ok {
		problems.Add("channel", "problem.channel")
	}
	if d.CapDays < 0 || d.CapDays > MaxCapDays {
		problems.Add("cap_days", "problem.range", 0, MaxCapDays)
	}
	if d.Control < 0 || d.Control > MaxControl {
		problems.Add("control", "problem.range", 0, MaxControl)
	}
	if now := s.now(); !d.SendAt.IsZero() && (d.SendAt.Before(now.Add(-time.Minute)) || d.SendAt.After(now.Add(MaxAhead))) {
		problems.Add("send_at", "problem.send_at")
	}
	var err error
	if out.people, err = s.segments.Compile(ctx, d.Rule); errors.Is(err, fault.ErrInvalid) {
		problems.Add("audience", "problem.rule")
		out.people = segment.Predicate{SQL: "FALSE"} // for previews and tests of what is being written
	} else if err != nil {
		return out, nil, err
	} else if _, one := OnlyPerson(d.Rule); d.Direct && !one {
		problems.Add("audience", "problem.rule")
	}
	if err := s.checkApproval(ctx, &out, problems); err != nil {
		return out, nil, err
	}
	letter, wrong := Compile(d.Channel, out.Content, d.Fill, s.Settings().Site)
	for field, list := range wrong {
		problems[field] = list
	}
	if len(wrong) == 0 {
		out.letter = letter
	}
	return out, problems, nil
}

// Check looks at a draft as Launch does and changes nothing.
//
// Errors: fault.Fields.
func (s *Service) Check(ctx context.Context, d Draft) error {
	_, problems, err := s.check(ctx, d)
	if err != nil {
		return err
	}
	return problems.Err()
}

// sieve says how the audience of a draft is sifted. A text that does not compile yet needs nothing.
func (c checked) sieve() Sieve {
	v := Sieve{People: c.people, Channel: c.Channel, Unticked: slices.Clone(c.Unticked), CapDays: c.CapDays, Control: c.Control, Key: c.Key, About: c.Rule.Offerings()}
	if c.letter != nil {
		v.Needs = c.letter.Needs()
	}
	if c.Direct {
		v.CapDays, v.Control = 0, 0
	}
	return v
}
