package campaign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// TemplateID is our id of a saved template.
type TemplateID int64

// TemplateState is where a saved template stands. E-mails and private messages need nobody's
// approval: theirs are approved at once.
type TemplateState string

// States of a template.
const (
	TemplateDraft     TemplateState = "draft"
	TemplateSubmitted TemplateState = "submitted"
	TemplateApproved  TemplateState = "approved"
	TemplateRejected  TemplateState = "rejected"
)

// SavedTemplate is a text to choose from. Each change makes a new version; what was sent keeps
// the one it used.
type SavedTemplate struct {
	ID        TemplateID
	Channel   h.Channel
	Name      string
	Version   int // the latest, from 1
	Content   Content
	State     TemplateState // of the latest version
	Supplier  string        // the supplier's id of it; empty: none yet
	Reason    string        // of a rejection, in the supplier's words
	AskedAt   time.Time     // when it was submitted; zero: not
	ByID      string
	ByName    string
	UpdatedAt time.Time
}

// Ref names the latest version.
func (t SavedTemplate) Ref() TemplateRef { return TemplateRef{t.ID, t.Version} }

// TemplateStore keeps templates; storage.Templates implements it. Each method is one transaction.
type TemplateStore interface {
	// SaveTemplate makes a template (ID 0) or a new version of one, and gives its id. version is
	// the one that was changed: fault.ErrConflict when there is a later one, or the name is taken.
	SaveTemplate(ctx context.Context, t SavedTemplate, version int) (TemplateID, error)
	FindTemplate(ctx context.Context, id TemplateID) (SavedTemplate, error) // fault.ErrNotFound
	// TemplateVersion gives an old or the latest version's content. fault.ErrNotFound
	TemplateVersion(ctx context.Context, ref TemplateRef) (Content, error)
	// ListTemplates gives a channel's templates by name; empty: all channels'.
	ListTemplates(ctx context.Context, ch h.Channel) ([]SavedTemplate, error)
	// ArchiveTemplate takes a template out of the list. fault.ErrNotFound
	ArchiveTemplate(ctx context.Context, id TemplateID, now time.Time) error
	// MoveTemplate changes the state of a version that is the latest still, and tells whether it
	// was in one of from.
	MoveTemplate(ctx context.Context, ref TemplateRef, from []TemplateState, to SavedTemplate) (bool, error)
}

// Approver asks the supplier of SMS; sms.Supplier is one.
type Approver interface {
	Submit(ctx context.Context, t h.SMSTemplate) (id string, err error)
	Approvals(ctx context.Context, ids []string) (map[string]h.Approval, error)
}

// Templates keeps texts to choose from. It is safe for concurrent use.
type Templates struct {
	store    TemplateStore
	approver Approver // nil: SMS need no approval
	now      func() time.Time
	log      *slog.Logger
}

// NewTemplates makes the service. approver is nil when SMS need no approval.
func NewTemplates(store TemplateStore, approver Approver, now func() time.Time, log *slog.Logger) *Templates {
	return &Templates{store: store, approver: approver, now: now, log: log}
}

// List gives a channel's templates by name; empty: all channels'.
func (s *Templates) List(ctx context.Context, ch h.Channel) ([]SavedTemplate, error) {
	return s.store.ListTemplates(ctx, ch)
}

// Find gives a template with its latest version.
//
// Errors: fault.ErrNotFound.
func (s *Templates) Find(ctx context.Context, id TemplateID) (SavedTemplate, error) {
	return s.store.FindTemplate(ctx, id)
}

// Version gives the content of a version.
//
// Errors: fault.ErrNotFound.
func (s *Templates) Version(ctx context.Context, ref TemplateRef) (Content, error) {
	return s.store.TemplateVersion(ctx, ref)
}

// NeedsApproval reports whether templates of a channel are submitted to a supplier.
func (s *Templates) NeedsApproval(ch h.Channel) bool {
	return ch == h.ChannelSMS && s.approver != nil
}

// Save makes a template (ID 0) or a new version of one; t.Version is the version that was
// changed. A changed SMS has to be approved again.
//
// Errors: fault.Fields; fault.ErrConflict when somebody else changed it meanwhile.
func (s *Templates) Save(ctx context.Context, t SavedTemplate, by h.Staff) (TemplateID, error) {
	if err := s.Check(t); err != nil {
		return 0, err
	}
	t.Name = strings.TrimSpace(t.Name)
	t.State, t.ByID, t.ByName, t.UpdatedAt = TemplateApproved, by.ID, by.Name, s.now()
	if s.NeedsApproval(t.Channel) {
		t.State = TemplateDraft
	}
	t.Content.Supplier = ""
	id, err := s.store.SaveTemplate(ctx, t, t.Version)
	if errors.Is(err, fault.ErrConflict) && t.ID == 0 {
		return 0, fault.Fields{"name": {Key: "problem.taken"}}
	}
	if err != nil {
		return 0, fmt.Errorf("save template: %w", err)
	}
	return id, nil
}

// Check says what is wrong with a template as far as one can tell without keeping it.
//
// Errors: fault.Fields.
func (s *Templates) Check(t SavedTemplate) error {
	problems := fault.Fields{}
	t.Name = strings.TrimSpace(t.Name)
	switch {
	case t.Name == "":
		problems.Add("name", "problem.missing")
	case utf8.RuneCountInString(t.Name) > MaxName:
		problems.Add("name", "problem.long", MaxName)
	}
	if !knownChannel(t.Channel) {
		problems.Add("channel", "problem.channel")
	} else {
		_, _, _, wrong := Mentions(t.Channel, t.Content)
		for field, p := range wrong {
			problems[field] = p
		}
	}
	return problems.Err()
}

// Archive takes a template out of the list. Campaigns keep what they used.
func (s *Templates) Archive(ctx context.Context, id TemplateID) error {
	return s.store.ArchiveTemplate(ctx, id, s.now())
}

// Submit asks the supplier to approve the latest version. It is asked once: that it was submitted
// is written down first, and Poll asks again under the same key should we die in between.
//
// Errors: fault.ErrConflict when it is submitted or approved already.
func (s *Templates) Submit(ctx context.Context, id TemplateID) error {
	t, err := s.store.FindTemplate(ctx, id)
	if err != nil {
		return err
	}
	if !s.NeedsApproval(t.Channel) {
		return fmt.Errorf("submit template %d: %w", id, fault.ErrConflict)
	}
	t.State, t.Reason, t.Supplier, t.AskedAt = TemplateSubmitted, "", "", s.now()
	moved, err := s.store.MoveTemplate(ctx, t.Ref(), []TemplateState{TemplateDraft, TemplateRejected}, t)
	if err == nil && !moved {
		err = fault.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("submit template %d: %w", id, err)
	}
	if err := s.ask(ctx, t); err != nil {
		s.log.WarnContext(ctx, "campaign: template not submitted yet, it will be", "template", id, "err", err)
	}
	return nil
}

func (s *Templates) ask(ctx context.Context, t SavedTemplate) error {
	supplier, err := s.approver.Submit(ctx, h.SMSTemplate{
		Key: fmt.Sprintf("t%d.%d", t.ID, t.Version), Name: t.Name, Text: SupplierText(t.Content)})
	if err != nil {
		return fmt.Errorf("submit template %d: %w", t.ID, err)
	}
	t.Supplier = supplier
	_, err = s.store.MoveTemplate(ctx, t.Ref(), []TemplateState{TemplateSubmitted}, t)
	return err
}

// pollEvery is how often the supplier is asked about submitted templates.
const pollEvery = 3 * time.Second

// Run asks about submitted templates until ctx ends. Any number of processes may.
func (s *Templates) Run(ctx context.Context) error {
	if s.approver == nil {
		<-ctx.Done() // a part that ends by itself would end the others
		return nil
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := s.Poll(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err != nil) != failing { // once when it breaks and once when it mends
			failing = err != nil
			s.log.WarnContext(ctx, "campaign: asking about templates", "failing", failing, "err", err)
		}
	}
}

// Poll asks the supplier once about every submitted template.
func (s *Templates) Poll(ctx context.Context) error {
	list, err := s.store.ListTemplates(ctx, h.ChannelSMS)
	if err != nil {
		return err
	}
	var ids []string
	var errs []error
	for _, t := range list {
		switch {
		case t.State != TemplateSubmitted:
		case t.Supplier == "":
			errs = append(errs, s.ask(ctx, t))
		default:
			ids = append(ids, t.Supplier)
		}
	}
	if len(ids) > 0 {
		answers, err := s.approver.Approvals(ctx, ids)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, s.Approve(ctx, answers))
	}
	return errors.Join(errs...)
}

// Approve enters a supplier's answers by the supplier's ids. Answers about templates that are not
// waiting for one change nothing.
func (s *Templates) Approve(ctx context.Context, answers map[string]h.Approval) error {
	list, err := s.store.ListTemplates(ctx, h.ChannelSMS)
	if err != nil {
		return err
	}
	for _, t := range list {
		answer, ok := answers[t.Supplier]
		if !ok || t.Supplier == "" || t.State != TemplateSubmitted {
			continue
		}
		switch answer.State {
		case h.ApprovalApproved:
			t.State, t.Reason = TemplateApproved, ""
		case h.ApprovalRejected:
			t.State, t.Reason = TemplateRejected, cut(answer.Reason, 500)
		default:
			continue
		}
		if _, err := s.store.MoveTemplate(ctx, t.Ref(), []TemplateState{TemplateSubmitted}, t); err != nil {
			return fmt.Errorf("approve template %d: %w", t.ID, err)
		}
	}
	return nil
}

// cut bounds a text from outside to n characters.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// checkApproval sees to it that an SMS says what its approved template says, word for word.
func (s *Service) checkApproval(ctx context.Context, d *checked, problems fault.Fields) error {
	if d.Channel != h.ChannelSMS || !s.templates.NeedsApproval(d.Channel) {
		return nil
	}
	if d.Template.ID == 0 {
		problems.Add("template", "problem.missing")
		return nil
	}
	t, err := s.templates.Find(ctx, d.Template.ID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		problems.Add("template", "problem.template_gone")
		return nil
	case err != nil:
		return err
	}
	if t.State != TemplateApproved {
		problems.Add("template", "problem.unapproved")
		return nil
	}
	d.Template, d.Content = t.Ref(), t.Content
	d.Content.Supplier = t.Supplier
	return nil
}
