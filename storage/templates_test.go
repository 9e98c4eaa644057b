package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// supplier approves texts, or does not.
type supplier struct {
	mu      sync.Mutex
	asked   []h.SMSTemplate
	answers map[string]h.Approval
	fail    error // of Submit
	asks    int   // of Approvals
}

func (x *supplier) Submit(_ context.Context, t h.SMSTemplate) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked = append(x.asked, t)
	return "s-" + t.Key, x.fail
}

func (x *supplier) Approvals(_ context.Context, ids []string) (map[string]h.Approval, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asks++
	out := map[string]h.Approval{}
	for _, id := range ids {
		if a, ok := x.answers[id]; ok {
			out[id] = a
		}
	}
	return out, nil
}

// approving is a school whose SMS need a supplier's approval.
func approving(t *testing.T) (*sending, *supplier, line) {
	t.Helper()
	s, x := newSending(t, reachable(3)), &supplier{answers: map[string]h.Approval{}}
	s.templates = campaign.NewTemplates(&Templates{s.db}, x, s.clock, slog.New(slog.DiscardHandler))
	sms := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 10}}
	s.serve(s.wire, sms)
	return s, x, sms
}

// save saves a text for SMS; of a template that is there already, as its next version.
func (s *sending) save(t testing.TB, id campaign.TemplateID, version int, text string) campaign.TemplateID {
	t.Helper()
	id, err := s.templates.Save(t.Context(), campaign.SavedTemplate{ID: id, Version: version, Channel: h.ChannelSMS, Name: "返场", Content: campaign.Content{Text: text, Supplier: "forged"}}, marketer)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// where tells where a template stands.
func (s *sending) where(t testing.TB, id campaign.TemplateID) string {
	t.Helper()
	x, err := s.templates.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(fmt.Sprintf("%d %s %s %s", x.Version, x.State, x.Supplier, x.Reason), " ")
}

func TestTemplatesAreApproved(t *testing.T) {
	t.Parallel()
	s, x, sms := approving(t)
	id := s.save(t, 0, 0, "今晚{{ 时间 }}开课")
	if got := s.where(t, id); got != "1 draft" {
		t.Errorf("saved: %s", got)
	}
	d := short("k", h.ChannelSMS, segment.Everyone())
	launch := func(key string) error {
		d.Key = key
		_, err := s.service.Launch(t.Context(), d, marketer)
		var problems fault.Fields
		if errors.As(err, &problems) {
			return errors.New(problems["template"].Key)
		}
		return err
	}
	refused := func(when, want string) {
		t.Helper()
		if err := launch("no"); err == nil || err.Error() != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("without a template", "problem.missing")
	d.Template.ID = 4711
	refused("with one that is not there", "problem.template_gone")
	d.Template.ID, d.Fill.Params = id, map[string]string{"时间": "八点"}
	refused("a draft", "problem.unapproved")

	poll := func() {
		t.Helper()
		if err := s.templates.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	poll()
	if err := s.templates.Submit(t.Context(), id); err != nil || x.asks != 0 || s.where(t, id) != "1 submitted s-t1.1" {
		t.Errorf("submitted: %s, %v", s.where(t, id), err)
	}
	if err := s.templates.Submit(t.Context(), id); !errors.Is(err, fault.ErrConflict) || len(x.asked) != 1 || x.asked[0].Text != "今晚{{时间}}开课" {
		t.Errorf("submitted twice: %+v, %v", x.asked, err)
	}
	poll() // no answer yet
	refused("a submitted one", "problem.unapproved")
	x.answers["s-t1.1"] = h.Approval{State: h.ApprovalRejected, Reason: "含\x00有" + strings.Repeat("长", 600)}
	poll()
	if got := s.where(t, id); !strings.HasPrefix(got, "1 rejected s-t1.1 含有长") || strings.Count(got, "长") != 498 {
		t.Errorf("rejected: %s", got)
	}
	refused("a rejected one", "problem.unapproved")

	s.save(t, id, 1, "今晚{{ 时间 }}上课")
	if got := s.where(t, id); got != "2 draft" {
		t.Errorf("changed: %s", got)
	}
	x.answers["s-t1.1"] = h.Approval{State: h.ApprovalApproved} // late, and of the version before
	poll()
	if err := s.templates.Approve(t.Context(), x.answers); err != nil || s.where(t, id) != "2 draft" {
		t.Errorf("a late approval: %s, %v", s.where(t, id), err)
	}
	x.fail = campaign.ErrUnreachable // and we die before it works
	if err := s.templates.Submit(t.Context(), id); err != nil || s.where(t, id) != "2 submitted" {
		t.Errorf("submitted in vain: %s, %v", s.where(t, id), err)
	}
	if err := s.templates.Poll(t.Context()); !errors.Is(err, campaign.ErrUnreachable) {
		t.Errorf("polled in vain: %v", err)
	}
	x.fail = nil
	poll()
	if got := s.where(t, id); got != "2 submitted s-t1.2" || x.asked[1] != x.asked[3] || x.asked[1].Key != "t1.2" {
		t.Errorf("submitted again: %s, %+v", got, x.asked)
	}
	x.answers["s-t1.2"] = h.Approval{State: h.ApprovalApproved}
	poll()
	if got := s.where(t, id); got != "2 approved s-t1.2" {
		t.Errorf("approved: %s", got)
	}
	x.answers["s-t1.2"] = h.Approval{State: h.ApprovalRejected} // it was approved already
	poll()

	// The draft says something else, and the template counts.
	d.Content.Text = "something else"
	if err := launch("yes"); err != nil {
		t.Fatal(err)
	}
	s.save(t, id, 2, "改了")
	refused("after another change", "problem.unapproved")
	var got []campaign.Message
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		got = append(got, m)
		return campaign.OutcomeAccepted
	}
	s.work(t, s.senderOver("a", sms))
	if len(got) != 3 || got[0].Text != "【启明网校】今晚八点上课" || got[0].Template != "s-t1.2" || len(got[0].Params) != 1 || got[0].Params[0] != (campaign.Param{Name: "时间", Value: "八点"}) {
		t.Errorf("sent %+v", got)
	}
	c := s.campaign(t, 1)
	old, err := s.templates.Version(t.Context(), c.Template)
	if err != nil || c.Template != (campaign.TemplateRef{ID: id, Version: 2}) || old.Text != "今晚{{ 时间 }}上课" || old.Supplier != "" {
		t.Errorf("the campaign used %+v: %+v, %v", c.Template, old, err)
	}
}

func TestTemplatesHaveVersions(t *testing.T) {
	t.Parallel()
	s, x, _ := approving(t)
	id := s.save(t, 0, 0, "一")
	s.save(t, id, 1, "二")
	stale := campaign.SavedTemplate{ID: id, Version: 1, Channel: h.ChannelSMS, Name: "返场", Content: campaign.Content{Text: "三"}}
	for name, change := range map[string]func(*campaign.SavedTemplate){
		"changed meanwhile": func(*campaign.SavedTemplate) {},
		"not there":         func(x *campaign.SavedTemplate) { x.ID = 4711 },
		"another channel":   func(x *campaign.SavedTemplate) { x.Version, x.Channel = 2, h.ChannelMessage },
	} {
		other := stale
		change(&other)
		if _, err := s.templates.Save(t.Context(), other, marketer); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var problems fault.Fields
	again := campaign.SavedTemplate{Channel: h.ChannelSMS, Name: " 返场 ", Content: campaign.Content{Text: "四"}}
	if _, err := s.templates.Save(t.Context(), again, marketer); !errors.As(err, &problems) || problems["name"].Key != "problem.taken" {
		t.Errorf("the same name: %v", err)
	}
	again.Channel = h.ChannelEmail
	again.Content = mail("", segment.Everyone()).Content
	mailID, err := s.templates.Save(t.Context(), again, marketer)
	if err != nil || s.where(t, mailID) != "1 approved" {
		t.Errorf("a mail of that name: %v", err)
	}
	if err := s.templates.Submit(t.Context(), mailID); !errors.Is(err, fault.ErrConflict) || len(x.asked) != 0 {
		t.Errorf("a mail is submitted: %v", err)
	}
	for _, bad := range []campaign.SavedTemplate{{Channel: h.ChannelSMS, Content: campaign.Content{Text: "a"}}, {Channel: "fax", Name: "n"},
		{Channel: h.ChannelSMS, Name: strings.Repeat("长", 101), Content: campaign.Content{Text: "a"}}, {Channel: h.ChannelSMS, Name: "n", Content: campaign.Content{Text: "{% if %}"}}} {
		if _, err := s.templates.Save(t.Context(), bad, marketer); !errors.As(err, &problems) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	// Two change the same version at once: one is told.
	errs := make(chan error, 2)
	for i := range 2 {
		go func() {
			x := stale
			x.Version, x.Content.Text = 2, fmt.Sprint(i)
			_, err := s.templates.Save(context.WithoutCancel(t.Context()), x, marketer)
			errs <- err
		}()
	}
	if a, b := <-errs, <-errs; (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), fault.ErrConflict) {
		t.Errorf("both at once: %v, %v", a, b)
	}
	if err := s.templates.Archive(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if list, err := s.templates.List(t.Context(), ""); err != nil || len(list) != 1 || list[0].ID != mailID {
		t.Errorf("listed after archiving: %+v, %v", list, err)
	}
	for name, err := range map[string]error{"archived twice": s.templates.Archive(t.Context(), id), "submitted": s.templates.Submit(t.Context(), id)} {
		if !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := s.templates.Version(t.Context(), campaign.TemplateRef{ID: id, Version: 2}); err != nil || c.Text != "二" {
		t.Errorf("an old version of what is archived: %+v, %v", c, err)
	}
	if _, err := s.templates.Version(t.Context(), campaign.TemplateRef{ID: id, Version: 9}); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("a version that never was: %v", err)
	}
	s.save(t, 0, 0, "its name is free again")
}
