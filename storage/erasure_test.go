package storage

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/followup"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
)

// secretWords are in everything that is personal of somebody who is to be erased.
var secretWords = []string{"Geheimnis", "13987654321", "13987650000", "geheim@example.org"}

// traces lists the columns of all tables in which a secret word stands, as text or as bytes.
func (s *school) traces(t testing.TB) (found []string) {
	t.Helper()
	var tables []string
	if err := s.db.bun.NewRaw("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1").Scan(t.Context(), &tables); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		for _, word := range secretWords {
			for _, form := range []string{word, hex.EncodeToString([]byte(word))} {
				if s.text(t, fmt.Sprintf("SELECT EXISTS (SELECT FROM %s x WHERE x::text LIKE ?)::text", table), "%"+form+"%") == "true" {
					found = append(found, table)
				}
			}
		}
	}
	return found
}

// secretive is a learner all of whom is to be erased, with what the host feeds of them.
func secretive(at time.Time) h.Learner {
	return h.Learner{ID: "7", Nickname: "Geheimnis", RealName: "Geheimnis", Gender: h.GenderFemale, Birthday: time.Date(1990, 1, 2, 0, 0, 0, 0, time.UTC),
		Mobile: "13987654321", MobileVerified: true, Email: "geheim@example.org", EmailVerified: true, Status: h.LearnerActive, RegisteredAt: at,
		Province: "浙江", City: "杭州", InviterID: "Geheimnis", Custom: map[string]h.CustomValue{"school": {Text: "Geheimnis"}}, UpdatedAt: at}
}

// newSecret is a school with that learner, who bought, left, was talked to and written to.
func newSecret(t *testing.T) (*sending, segment.PersonID) {
	t.Helper()
	seed := reachable(3)
	at := hosttest.SeedTime()
	seed.Learners = append(seed.Learners, secretive(at))
	seed.Offerings = []h.Offering{{Type: h.TargetCourse, ID: "1", Title: "课", Status: h.OfferingPublished, Currency: "CNY", UpdatedAt: at}}
	seed.Orders = []h.Order{{ID: "1", SN: "1", LearnerID: "7", Status: h.OrderRefunded, Currency: "CNY", PayableAmount: 100, PaidCash: 100, CreatedAt: at, PaidAt: at, UpdatedAt: at,
		Items:   []h.OrderItem{{Target: h.Target{Type: h.TargetCourse, ID: "1"}, Title: "课", Quantity: 1, Amount: 100}},
		Refunds: []h.Refund{{Status: h.RefundDone, Cash: 100, Reason: "Geheimnis", HandledAt: at}}}}
	seed.Enrollments = []h.Enrollment{{ID: "1", LearnerID: "7", Target: h.Target{Type: h.TargetCourse, ID: "1"}, Status: h.EnrollmentExited,
		JoinedAt: at, ExitedAt: at, ExitReason: h.ExitSelf, ExitNote: "Geheimnis", UpdatedAt: at}}
	s := newSending(t, seed)
	id := segment.PersonID(s.number(t, "SELECT id FROM crm_learners WHERE host_id = '7'"))
	s.sendSecrets(t, id)
	a := &Followups{DB: s.db}
	n, _, err := a.Add(t.Context(), ann, followup.Entry{Learner: id, Method: followup.Phone, Content: "Geheimnis", OwnerID: "ann", OwnerName: "陈立"}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Edit(t.Context(), ann, n, 1, followup.Entry{Method: followup.Phone, Content: "Geheimnis 2", OwnerID: "ann", OwnerName: "陈立"}, s.now); err != nil {
		t.Fatal(err)
	}
	s.do(t, "INSERT INTO crm_intents (learner_id, offering_id, level, before, reason, by_id, by_name, at) VALUES (?, 1, 'high', '', 'Geheimnis', 'ann', '', now())", int64(id))
	if _, err := (&Campaigns{DB: s.db}).Suppress(t.Context(), []campaign.Suppression{{Channel: h.ChannelSMS, Contact: "13987654321", Reason: campaign.SuppressedImport, At: s.now},
		{Channel: h.ChannelSMS, Contact: "13987650000", Reason: campaign.SuppressedInvalid, At: s.now},
		{Channel: h.ChannelEmail, Contact: "theirs@example.org", Reason: campaign.SuppressedInvalid, At: s.now},
		{Channel: h.ChannelSMS, Contact: "13800000001", Reason: campaign.SuppressedImport, At: s.now}}, "1"); err != nil {
		t.Fatal(err)
	}
	// Former contacts: one that nobody has, and one that somebody else has by now.
	s.do(t, "UPDATE crm_deliveries SET contact_hash = hashtextextended(CASE campaign_id WHEN 2 THEN '13987650000' ELSE 'theirs@example.org' END, 0) WHERE learner_id = ?", int64(id))
	s.do(t, "UPDATE crm_learners SET usable_email = 'theirs@example.org' WHERE host_id = '1'")
	s.pushUnsound(t, at)
	return s, id
}

// pushUnsound brings rows with words of the learner's that cannot be taken.
func (s *sending) pushUnsound(t *testing.T, at time.Time) {
	t.Helper()
	if err := s.syncer.Push(t.Context(), []h.Event{
		h.Changed(h.Order{ID: "9", SN: "9", LearnerID: "7", Status: "Geheimnis", Currency: "CNY", CreatedAt: at, UpdatedAt: at, Refunds: []h.Refund{{Reason: "Geheimnis"}}}),
		h.Changed(h.Enrollment{ID: "9", LearnerID: "7", Status: "Geheimnis", ExitNote: "Geheimnis", UpdatedAt: at}),
	}); err != nil {
		t.Fatal(err)
	}
}

// sendSecrets writes to the learner: sent, scheduled and begun.
func (s *sending) sendSecrets(t *testing.T, id segment.PersonID) {
	t.Helper()
	sms := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 8}}
	s.serve(sms, s.wire)
	s.launch(t, "all", segment.Everyone())
	for _, key := range []string{"sent", "later"} {
		d := short(key, h.ChannelSMS, segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{int64(id)}, "")))
		d.Direct, d.Content.Text = true, "Geheimnis"
		if key == "later" {
			d.SendAt = s.now.Add(time.Hour)
		}
		s.launchDraft(t, d)
	}
	s.work(t, s.senderFor("a", sms, func(c *campaign.SenderConfig) { c.Channels = append(c.Channels, s.wire) }))
	d, err := s.service.NewDirect(t.Context(), h.ChannelSMS, id, marketer)
	if err != nil {
		t.Fatal(err)
	}
	d.Content.Text = "Geheimnis"
	if err := s.service.SaveDraft(t.Context(), d, marketer); err != nil {
		t.Fatal(err)
	}
}

// number reads a whole number.
func (s *school) number(t testing.TB, query string, args ...any) (n int64) {
	t.Helper()
	if err := s.db.bun.NewRaw(query, args...).Scan(t.Context(), &n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// counts is what an erasure leaves as it is.
func (s *school) counts(t testing.TB) string {
	t.Helper()
	return s.text(t, `SELECT concat_ws(' ', (SELECT count(*) FROM crm_learners WHERE status = 'active' AND marketable), (SELECT sum(paid_order_count) FROM crm_learners),
		(SELECT sum(refund_total) FROM crm_learners), (SELECT count(*) FROM crm_orders), (SELECT count(*) FROM crm_enrollments), (SELECT count(*) FROM crm_deliveries WHERE state = 'accepted'),
		(SELECT count(*) FROM crm_followups), (SELECT count(*) FROM crm_intents), (SELECT count(*) FROM crm_campaigns))`)
}

func TestErasureLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s, id := newSecret(t)
	before := s.counts(t)
	for _, table := range []string{"crm_learners", "crm_campaigns", "crm_drafts", "crm_followups", "crm_followup_edits", "crm_intents", "crm_suppressions", "crm_enrollments", "crm_refunds", "crm_sync_problems"} {
		if !strings.Contains(strings.Join(s.traces(t), " "), table) {
			t.Errorf("the test puts no secret into %s", table)
		}
	}
	service := erasure.NewService(&Erasures{s.db}, s.clock)
	if e, err := service.Find(t.Context(), id); err != nil || e != (erasure.Erasure{}) {
		t.Fatalf("not erased yet: %+v, %v", e, err)
	}
	at := s.now
	for range 2 { // twice is fine
		if err := service.Erase(t.Context(), id, marketer); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Second)
	}
	if found := s.traces(t); found != nil {
		t.Errorf("left in %v", found)
	}
	if after := s.counts(t); after != before {
		t.Errorf("counts were %s, are %s", before, after)
	}
	if e, err := service.Find(t.Context(), id); err != nil || e != (erasure.Erasure{Person: id, HostID: "7", ByID: "1", ByName: "周敏", At: at}) {
		t.Errorf("%+v, %v", e, err)
	}
	if got := s.text(t, "SELECT concat_ws(' ', own_sms, own_email, own_message, usable_mobile, usable_email, province, custom) FROM crm_learners WHERE id = ?", int64(id)); got != "denied denied denied " {
		t.Errorf("%q", got)
	}
	if got := s.text(t, "SELECT string_agg(channel || ' ' || state || ' ' || source, ',' ORDER BY channel) FROM crm_consents WHERE learner_id = ?", int64(id)); got != "email denied erasure,message denied erasure,sms denied erasure" {
		t.Errorf("consents: %s", got)
	}
	if err := (&Reports{DB: s.db}).CountGrowth(t.Context(), s.now); err != nil {
		t.Fatal(err)
	}
	if got := s.text(t, "SELECT sum(no_sms + no_email + no_message) FROM crm_audience_days"); got != "0" {
		t.Errorf("%s refusals are reported: nobody refused anything", got)
	}
	if got := s.text(t, "SELECT string_agg(contact, ',' ORDER BY contact) FROM crm_suppressions"); got != "13800000001,theirs@example.org" {
		t.Errorf("suppressed: %s", got)
	}
	if got := s.text(t, "SELECT string_agg(state, ',' ORDER BY id) FROM crm_campaigns"); got != "done,done,cancelled" {
		t.Errorf("campaigns: %s", got)
	}
	if err := service.Erase(t.Context(), 404, marketer); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// TestErasureLasts: whatever the host feeds and staff do afterwards.
func TestErasureLasts(t *testing.T) {
	t.Parallel()
	s, id := newSecret(t)
	if err := erasure.NewService(&Erasures{s.db}, s.clock).Erase(t.Context(), id, marketer); err != nil {
		t.Fatal(err)
	}
	clean := func(when string) {
		t.Helper()
		if found := s.traces(t); found != nil {
			t.Errorf("%s: in %v", when, found)
		}
		if got := s.text(t, "SELECT own_sms || own_email || own_message FROM crm_learners WHERE id = ?", int64(id)); got != "denieddenieddenied" {
			t.Errorf("%s: %s", when, got)
		}
	}
	l := secretive(s.now.Add(time.Second))
	l.City = "Geheimnis2"
	s.PutLearners(l)
	seed := s.Snapshot()
	s.PutOrders(seed.Orders...)
	s.PutEnrollments(seed.Enrollments...)
	s.sync(t)
	s.do(t, "DELETE FROM crm_words WHERE value = 'Geheimnis2'") // a city is nobody's
	clean("fed again")
	if s.text(t, "SELECT updated_at::text FROM crm_learners WHERE id = ?", int64(id)) == s.text(t, "SELECT erased_at::text FROM crm_learners WHERE id = ?", int64(id)) {
		t.Error("the row was not fed again")
	}
	if err := s.syncer.StartRepair(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sync(t)
	for _, fs := range s.state(t).Repair {
		if fs.Feed == projection.Learners && fs.Mended != 0 {
			t.Errorf("the repair pass mended %d learners: it would do so every night", fs.Mended)
		}
	}
	clean("after repair")
	unsound := secretive(s.now.Add(2 * time.Second))
	unsound.Status = "Geheimnis" // no status: a problem row
	if err := s.syncer.Push(t.Context(), []h.Event{h.Changed(unsound)}); err != nil {
		t.Fatal(err)
	}
	s.pushUnsound(t, s.now.Add(2*time.Second))
	clean("fed unsound")
	if got := s.text(t, "SELECT count(*) FROM crm_sync_problems"); got != "0" {
		t.Errorf("%s problem rows", got)
	}
	if err := (&Campaigns{DB: s.db}).SetConsents(t.Context(), []campaign.ConsentChange{{Person: id, Channel: h.ChannelSMS, State: h.ConsentGranted, Source: campaign.FromStaff, At: s.now}}); err != nil {
		t.Fatal(err)
	}
	clean("granted by mistake")
	sum, err := s.service.DryRun(t.Context(), mail("again", segment.Everyone()))
	if err != nil || sum.Matched != 4 || sum.Sendable != 3 {
		t.Errorf("a campaign to all: %+v, %v", sum, err)
	}
}
