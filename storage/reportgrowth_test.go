package storage

import (
	"fmt"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// everyLearner counts growth one person at a time.
func (s *reporting) everyLearner(t *testing.T) map[string]report.Growth {
	t.Helper()
	var people []struct {
		RegisteredAt              time.Time
		Undated, Own, Gone        bool
		Mobile, Email             string
		NoSms, NoEmail, NoMessage bool
		DeadMobile, DeadEmail     bool
	}
	if err := s.db.bun.NewRaw(`SELECT coalesce(registered_at, '1900-01-01') AS registered_at, registered_at IS NULL AS undated, status = 'active' AND marketable AS own, status = 'deleted' AS gone,
		coalesce(usable_mobile, '') AS mobile, coalesce(usable_email, '') AS email, 'denied' IN (consent_sms, own_sms) AS no_sms, 'denied' IN (consent_email, own_email) AS no_email,
		'denied' IN (consent_message, own_message) AS no_message, dead_mobile, dead_email FROM crm_learners`).Scan(t.Context(), &people); err != nil {
		t.Fatal(err)
	}
	out := map[string]report.Growth{}
	for _, p := range people {
		if p.Gone {
			continue
		}
		key := ""
		if !p.Undated {
			key = p.RegisteredAt.In(s.reports.Location).Format(time.DateOnly)
		}
		g := out[key]
		g.Registered++
		if p.Own {
			g.Marketable++
			if p.Mobile != "" && !p.NoSms && !p.DeadMobile {
				g.SMS++
			}
			if p.Email != "" && !p.NoEmail && !p.DeadEmail {
				g.Email++
			}
			if !p.NoMessage {
				g.Message++
			}
		}
		out[key] = g
	}
	return out
}

// TestGrowthAgreesWithEverybody: the days are those of counting one person after the other, and a
// refusal stands at the site's day on which it came.
func TestGrowthAgreesWithEverybody(t *testing.T) {
	t.Parallel()
	s := newReporting(t, 40)
	if days, at, err := s.reports.Growth(t.Context()); err != nil || days != nil || !at.IsZero() {
		t.Errorf("before the first count: %v, %v, %v", days, at, err)
	}
	s.exec(t, `UPDATE crm_learners SET registered_at = timestamptz '2026-01-01 15:59:59+00' + id % 5 * interval '6 hours', usable_mobile = CASE WHEN id % 2 = 0 THEN '1380000' || id END`)
	for _, change := range []string{"registered_at = NULL WHERE id % 7 = 0", "status = 'deleted' WHERE id = 3", "status = 'locked' WHERE id = 4", "marketable = false WHERE id % 9 = 0",
		"consent_sms = 'denied' WHERE id % 4 = 0", "dead_mobile = true WHERE id = 10", "dead_email = true WHERE id % 11 = 0", "consent_message = 'denied' WHERE id = 5"} {
		s.exec(t, "UPDATE crm_learners SET "+change)
	}
	midnight := time.Date(2026, 1, 2, 0, 0, 0, 0, s.reports.Location)
	for i, at := range []time.Time{midnight.Add(-time.Second), midnight, midnight.Add(time.Hour)} {
		if err := (&Campaigns{DB: s.db}).SetConsents(t.Context(), []campaign.ConsentChange{{Person: segment.PersonID(20 + i), Channel: h.ChannelEmail, State: h.ConsentDenied, Source: campaign.FromPage, At: at}}); err != nil {
			t.Fatal(err)
		}
	}
	s.now = s.now.Add(time.Hour)
	s.tick(t)
	days, at, err := s.reports.Growth(t.Context())
	if err != nil || !at.Equal(s.now) {
		t.Fatalf("counted at %v, %v", at, err)
	}
	want := s.everyLearner(t)
	refused := map[string]int64{}
	for _, d := range days {
		key := ""
		if !d.Day.IsZero() {
			key = d.Day.Format(time.DateOnly)
		}
		refused[key] = d.Refusals()
		d.Day, d.NoEmail = time.Time{}, 0
		if d != want[key] {
			t.Errorf("day %q: %+v, want %+v", key, d, want[key])
		}
		delete(want, key)
	}
	if len(want) > 0 || fmt.Sprint(refused) != fmt.Sprint(map[string]int64{"": 0, "2026-01-01": 1, "2026-01-02": 2}) {
		t.Errorf("missing %v; refused %v", want, refused)
	}
	s.exec(t, "UPDATE crm_learners SET status = 'deleted'")
	s.tick(t)
	if again, _, err := s.reports.Growth(t.Context()); err != nil || len(again) != len(days) {
		t.Errorf("counted again after a minute: %d days, %v", len(again), err)
	}
	s.now = s.now.Add(10 * time.Minute)
	s.tick(t)
	if again, _, err := s.reports.Growth(t.Context()); err != nil || len(again) != 2 {
		t.Errorf("of an empty school %d days, %v", len(again), err)
	}
}

// TestManyWrittenOrdersTouchEverything: an import is not looked at order by order.
func TestManyWrittenOrdersTouchEverything(t *testing.T) {
	t.Parallel()
	s := newReporting(t, 2)
	id := s.launch(t, "old", segment.Everyone())
	s.work(t, s.sender("a"))
	s.now = s.now.Add(300 * 24 * time.Hour)
	marks := func() report.Mark {
		t.Helper()
		list, err := s.reports.Marks(t.Context(), campaign.AttributionWindow, s.now)
		if err != nil || len(list) != 1 || list[0].ID != id || list[0].Open {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0]
	}
	if m := marks(); !m.TouchedAt.IsZero() {
		t.Errorf("touched at %v", m.TouchedAt)
	}
	s.exec(t, `INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, created_at, content_hash, updated_at, written_at)
		SELECT i::text, '', 1, 'closed', 'self', 0, 0, 0, 0, 0, 'CNY', 0, ?, 0, ?, ? FROM generate_series(1, ?) i`, s.now, s.now, s.now, maxWritten+1)
	if m := marks(); !m.TouchedAt.Equal(s.now) {
		t.Errorf("after an import touched at %v", m.TouchedAt)
	}
}

// TestLinesNameWhatTheyUsed: batch campaigns whose audience is frozen, the latest first.
func TestLinesNameWhatTheyUsed(t *testing.T) {
	t.Parallel()
	s := newReporting(t, 3)
	first := s.launch(t, "first", segment.Everyone())
	s.work(t, s.sender("a"))
	s.now = s.now.Add(time.Hour)
	second := s.launch(t, "second", segment.Everyone())
	s.work(t, s.sender("a"))
	s.launch(t, "not planned yet", segment.Everyone())
	direct := mail("direct", segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{1}, "")))
	direct.Direct = true
	s.launchDraft(t, direct)
	s.exec(t, `INSERT INTO crm_templates (channel, name, version, state, by_id, by_name, updated_at) VALUES ('email', '返场', 1, 'draft', '1', '', now())`)
	s.exec(t, "UPDATE crm_campaigns SET template_id = 1 WHERE id = ?", int64(first))
	list, err := s.reports.Lines(t.Context(), time.Time{})
	if err != nil || len(list) != 2 || list[0].ID != second || list[1].ID != first || list[1].TemplateName != "返场" || list[0].TemplateName != "" || !list[0].CountedAt.IsZero() {
		t.Fatalf("%+v, %v", list, err)
	}
	if string(list[0].Rule.JSON()) != string(segment.Everyone().JSON()) || list[0].ByName != "周敏" || !list[0].Tracked || list[0].State != campaign.Done {
		t.Errorf("%+v", list[0])
	}
	if list, err := s.reports.Lines(t.Context(), s.now); err != nil || len(list) != 1 {
		t.Errorf("from the second on: %d, %v", len(list), err)
	}
}

// TestGrowthWaitsForSomebody: counting right at the start must not make the school look empty until
// the next count.
func TestGrowthWaitsForSomebody(t *testing.T) {
	t.Parallel()
	empty := &Reports{DB: open(t)}
	if err := empty.CountGrowth(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if at, err := empty.GrowthAt(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("before anybody has come: counted at %v, %v", at, err)
	}
}
