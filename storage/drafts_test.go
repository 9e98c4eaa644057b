package storage

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

var somebodyElse = h.Staff{ID: "2", Name: "王强", Scope: h.ScopeAll}

func TestDraftsAreKept(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	r := segment.Group("all", segment.Condition("paid_count", segment.OpEq, 0, ""), segment.Condition("contacted", segment.OpNotInLast, 9, segment.Day),
		segment.Condition("learner", segment.OpNotIn, []int{2}, ""))
	d, err := s.service.NewDraft(t.Context(), h.ChannelEmail, r, marketer)
	if err != nil || d.Key == "" || d.CapDays != 9 || len(d.Unticked) != 1 || d.Unticked[0] != 2 || len(d.Rule.All) != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	full := mail(d.Key, d.Rule)
	full.SendAt, full.Control, full.CapDays, full.Unticked = s.now.Add(time.Hour), 5, 7, d.Unticked
	if err := s.service.SaveDraft(t.Context(), full, marketer); err != nil {
		t.Fatal(err)
	}
	got, err := s.service.Draft(t.Context(), d.Key, marketer)
	full.SavedAt = s.now
	if err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("kept %+v\nsaved %+v, %v", got, full, err)
	}
	for name, err := range map[string]error{
		"read":  func() error { _, err := s.service.Draft(t.Context(), d.Key, somebodyElse); return err }(),
		"saved": s.service.SaveDraft(t.Context(), full, somebodyElse), "dropped": s.service.DropDraft(t.Context(), d.Key, somebodyElse),
	} {
		if !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("%s by somebody else: %v", name, err)
		}
	}
	theirs := full
	theirs.ByID, theirs.Name = somebodyElse.ID, "taken over"
	if err := s.service.SaveDraft(t.Context(), theirs, somebodyElse); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("saved as somebody else's own: %v", err)
	}
	if list, err := s.service.ListDrafts(t.Context(), somebodyElse); err != nil || len(list) != 0 {
		t.Errorf("somebody else lists %+v, %v", list, err)
	}
	if list, err := s.service.ListDrafts(t.Context(), marketer); err != nil || len(list) != 1 || list[0].Name != full.Name {
		t.Errorf("listed %+v, %v", list, err)
	}
	huge := full
	huge.Content.Text = strings.Repeat("长", campaign.MaxDraft/3)
	if err := s.service.SaveDraft(t.Context(), huge, marketer); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a draft of half a megabyte: %v", err)
	}
	if err := s.service.DropDraft(t.Context(), d.Key, marketer); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.Draft(t.Context(), d.Key, marketer); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("read after it was dropped: %v", err)
	}
}

// TestADraftIsLaunchedOnce, however many press the button, and is then no draft any more.
func TestADraftIsLaunchedOnce(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(5))
	d, err := s.service.NewDraft(t.Context(), h.ChannelEmail, segment.Everyone(), marketer)
	if err != nil {
		t.Fatal(err)
	}
	d = mail(d.Key, d.Rule)
	if err := s.service.SaveDraft(t.Context(), d, marketer); err != nil {
		t.Fatal(err)
	}
	ids := make([]campaign.ID, 6)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			id, err := s.service.Launch(t.Context(), d, marketer)
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
		wg.Go(func() { // and the page saves what is written
			if err := s.service.SaveDraft(t.Context(), d, marketer); err != nil && !errors.Is(err, fault.ErrConflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id == 0 {
			t.Errorf("launched as %v", ids)
		}
	}
	changed := d
	changed.Name, changed.Rule = "something else", among[int64](1)
	if id, err := s.service.Launch(t.Context(), changed, marketer); id != ids[0] || err != nil {
		t.Errorf("launched again with other words as %d, %v", id, err)
	}
	if n := s.text(t, "SELECT count(*)::text FROM crm_campaigns"); n != "1" {
		t.Errorf("%s campaigns", n)
	}
	if err := s.service.SaveDraft(t.Context(), d, marketer); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("saved after the launch: %v", err)
	}
	if _, err := s.service.Draft(t.Context(), d.Key, marketer); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("read after the launch: %v", err)
	}
	if list, err := s.service.ListDrafts(t.Context(), marketer); err != nil || len(list) != 0 {
		t.Errorf("listed after the launch: %+v, %v", list, err)
	}
	s.work(t, s.sender("a"))
	s.everybodyOnce(t, 5)
	again, err := s.service.Copy(t.Context(), ids[0], marketer)
	if err != nil || again.Key == d.Key || again.Name != d.Name || !again.SendAt.IsZero() || !reflect.DeepEqual(again.Content, d.Content) || !reflect.DeepEqual(again.Fill, d.Fill) {
		t.Errorf("copied as %+v, %v", again, err)
	}
}

// TestASaveThatMeetsALaunch leaves no draft behind that anybody would see.
func TestASaveThatMeetsALaunch(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	d := mail("k", segment.Everyone())
	if err := s.service.SaveDraft(t.Context(), d, marketer); err != nil {
		t.Fatal(err)
	}
	launch, err := s.db.bun.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer launch.Rollback() //nolint:errcheck // it is committed below
	if _, err := launch.NewRaw(`INSERT INTO crm_campaigns (key, name, channel, rule, content, state, by_id, by_name, launched_at) VALUES ('k', 'k', 'email', '{}', '{}', 'planning', '', '', now());
		DELETE FROM crm_drafts WHERE key = 'k'`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	saved := make(chan error)
	go func() { saved <- s.service.SaveDraft(context.WithoutCancel(t.Context()), d, marketer) }()
	until(t, "the save waits for the launch", func() bool {
		return s.text(t, "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'crm_drafts'::regclass)") == "1"
	})
	if err := launch.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-saved; err != nil && !errors.Is(err, fault.ErrConflict) {
		t.Error(err)
	}
	_, err = s.service.Draft(t.Context(), "k", marketer)
	if list, err2 := s.service.ListDrafts(t.Context(), marketer); !errors.Is(err, fault.ErrNotFound) || err2 != nil || len(list) != 0 {
		t.Errorf("%v; listed %+v, %v", err, list, err2)
	}
}

// TestUnfinishedDrafts can be looked at: what is wrong is told, and nothing fails.
func TestUnfinishedDrafts(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	for field, change := range map[string]func(*campaign.Draft){
		"audience": func(d *campaign.Draft) { d.Rule = segment.Condition("nothing", segment.OpEq, 1, "") },
		"subject":  func(d *campaign.Draft) { d.Content.Subject = "{% if %}" },
		"name":     func(d *campaign.Draft) { d.Name = " " },
		"cap_days": func(d *campaign.Draft) { d.CapDays = 1 << 40 },
		"control":  func(d *campaign.Draft) { d.Control = -1 },
		"link":     func(d *campaign.Draft) { d.Fill.Link = "javascript:alert(1)" },
		"key":      func(d *campaign.Draft) { d.Key = strings.Repeat("k", 101) },
	} {
		d := mail("k-"+field, segment.Everyone())
		change(&d)
		var problems fault.Fields
		if _, err := s.service.Launch(t.Context(), d, marketer); !errors.As(err, &problems) || problems[field].Key == "" || len(problems) != 1 {
			t.Errorf("%s launched: %v", field, err)
		}
		_, err1 := s.service.DryRun(t.Context(), d)
		_, err2 := s.service.Preview(t.Context(), d, 1)
		_, _, err3 := s.service.Sifted(t.Context(), d, "", "", 10)
		_, err4 := s.service.Cost(t.Context(), d, campaign.Sum{})
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Errorf("%s looked at: %v", field, err)
		}
	}
	nobody := mail("nobody", among[int64](4711))
	var problems fault.Fields
	if _, err := s.service.Launch(t.Context(), nobody, marketer); !errors.As(err, &problems) || problems["audience"].Key != "problem.nobody" {
		t.Errorf("to nobody: %v", err)
	}
	if _, _, err := s.service.Sifted(t.Context(), mail("k", segment.Everyone()), "no such reason", "", 10); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("sifted for no reason: %v", err)
	}
}
