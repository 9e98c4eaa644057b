package storage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/funnel"
)

// TestDossierLists walks the lists of a long life, each row once and in order, and compares what they
// say with plain statements.
func TestDossierLists(t *testing.T) {
	t.Parallel()
	s, terms := heavy(t), heavyTerms(t)
	d, err := s.Head(t.Context(), 1, terms)
	if err != nil {
		t.Fatal(err)
	}
	orders := walk(t, func(after string) (dossier.Page[dossier.Order], error) {
		return s.Orders(t.Context(), 1, after, 17, terms)
	})
	places := walk(t, func(after string) (dossier.Page[dossier.Place], error) {
		p, others, err := s.Places(t.Context(), 1, after, 17, terms)
		if (after == "") != (len(others) > 0) {
			t.Errorf("%d others behind %q", len(others), after)
		}
		return p, err
	})
	sent := walk(t, func(after string) (dossier.Page[dossier.Delivery], error) {
		return s.Deliveries(t.Context(), 1, after, 17, terms)
	})
	if d.Size != (dossier.Size{Orders: int64(len(orders)), Places: int64(len(places)), Deliveries: int64(len(sent)), Followups: 150}) || len(orders) == 0 || len(places) == 0 {
		t.Errorf("%+v, lists of %d, %d, %d", d.Size, len(orders), len(places), len(sent))
	}
	if !slices.IsSortedFunc(orders, func(a, b dossier.Order) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return int(b.ID - a.ID)
	}) || !slices.IsSortedFunc(places, func(a, b dossier.Place) int { return b.JoinedAt.Compare(a.JoinedAt) }) ||
		!slices.IsSortedFunc(sent, func(a, b dossier.Delivery) int { return int(b.Campaign - a.Campaign) }) {
		t.Error("not in order")
	}
	// The revenue of the messages is that of the orders that count for them.
	byOrder, byMessage := map[int64]int64{}, map[int64]int64{}
	for _, o := range orders {
		if len(o.Items) != 2 || o.Items[0].Title != "item 1" || o.Items[0].Quantity != 1 || o.Items[1].Amount != 4950 {
			t.Fatalf("order %+v", o)
		}
		if o.Credit.Campaign != 0 {
			byOrder[int64(o.Credit.Campaign)] += o.Paid - o.Refunded
		}
	}
	for _, m := range sent {
		if m.Orders > 0 {
			byMessage[int64(m.Campaign)] = m.Revenue
		}
	}
	for id := range byOrder { // of messages that were left out nothing is listed
		if !slices.ContainsFunc(sent, func(m dossier.Delivery) bool { return int64(m.Campaign) == id }) {
			delete(byOrder, id)
		}
	}
	if len(byOrder) == 0 || fmt.Sprint(byOrder) != fmt.Sprint(byMessage) {
		t.Errorf("revenue by order %v, by message %v", byOrder, byMessage)
	}
	if len(d.Places) != headPlaces || d.Places[0].ID != places[0].ID || len(d.Recent) != headDeliveries || d.Recent[0].Campaign != sent[0].Campaign {
		t.Errorf("the head has %d places and %d messages", len(d.Places), len(d.Recent))
	}
}

// TestDossierStanding holds where a person stands with an offering, and who said so.
func TestDossierStanding(t *testing.T) {
	t.Parallel()
	s, terms := &Dossiers{DB: open(t)}, heavyTerms(t)
	at := time.Date(2025, 11, 30, 0, 0, 0, 0, time.UTC)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.bun.NewRaw(query, args...).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO crm_learners (host_id, nickname, status, marketable, content_hash, updated_at, written_at, own_sms, consent_email, dead_mobile, inviter_host_id, custom, birthday, roles)
		VALUES ('9', 'nine', 'active', true, 0, now(), now(), 'denied', 'granted', true, '9', '{"age": {"kind": "number", "number": 31}, "a": {"kind": "", "text": "x"}}', '1998-07-03', '{student}')`)
	exec(`INSERT INTO crm_offerings (type, host_id, title, canonical_id, required_units, updated_at, written_at) VALUES ('course', '1', 'one', 1, 4, now(), now()), ('classroom', '7', 'seven', 2, 0, now(), now()), ('course', '1c', '', 1, 4, now(), now()), ('course', '4', 'four', 4, 0, now(), now())`)
	exec(`INSERT INTO crm_enrollments (host_id, learner_id, offering_id, via_classroom_id, role, status, join_reason, joined_at, expires_at, required_done, content_hash, updated_at, written_at)
		VALUES ('a', 1, 3, '7', 'student', 'active', 'classroom', ?0, NULL, 1, 0, now(), now()), ('b', 1, 2, '', 'student', 'active', 'purchase', ?0, ?0, 0, 0, now(), now()), ('c', 1, 4, '', 'teacher', 'active', 'staff', ?0, NULL, 0, 0, now(), now())`, at)
	exec(`INSERT INTO crm_pairs (learner_id, offering_id, stage, heat, set_level, joined_at, at) VALUES (1, 1, 'enrolled', 0, 'none', ?0, ?0), (1, 4, 'potential', ?1, '', NULL, ?0)`, at, funnel.Heat(4, terms.Now))
	exec(`INSERT INTO crm_intents (learner_id, offering_id, level, before, by_id, by_name, at) VALUES (1, 1, 'high', 'low', '6', 'Y', ?0), (1, 1, 'none', 'high', '7', 'Z', ?0)`, at)
	p, others, err := s.Places(t.Context(), 1, "", 10, terms)
	if err != nil || len(p.Rows) != 2 || len(others) != 1 {
		t.Fatalf("%+v, %+v, %v", p, others, err)
	}
	room, course := p.Rows[0], p.Rows[1]
	if room.Status != "expired" || room.Title != "seven" || room.ViaClassroom != "" || room.Standing.Stage != "" {
		t.Errorf("classroom %+v", room)
	}
	want := dossier.Standing{Stage: funnel.Enrolled, Since: at, Level: funnel.None, ByID: "7", By: "Z", SetAt: at}
	if course.Title != "#1c" || course.Offering != 1 || course.ViaClassroom != "seven" || course.Done != 1 || course.Units != 4 || course.Standing != want || !course.ExpiresAt.IsZero() {
		t.Errorf("course %+v", course)
	}
	if o := others[0]; o.Title != "four" || o.Standing != (dossier.Standing{Stage: funnel.Potential, Since: at, Level: funnel.Medium}) {
		t.Errorf("another %+v", o)
	}
	d, err := s.Head(t.Context(), 1, terms)
	if err != nil || d.Consent["sms"] != "denied" || d.HostConsent["sms"] == "denied" || d.Consent["email"] != "granted" || !d.MobileDead || d.MobileUsable {
		t.Errorf("%+v, %v", d, err)
	}
	f, err := s.Details(t.Context(), 1)
	if err != nil || f.HostID != "9" || f.Inviter.ID != 1 || f.Inviter.Name != "nine" || len(f.Custom) != 2 || f.Custom[1].Value.Number != 31 ||
		f.Birthday.Format(time.DateOnly) != "1998-07-03" || f.Size.Places != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}

// crowdLife puts a crowd beside the two of heavyLife, so that it matters how theirs is found.
const crowdLife = `
	INSERT INTO crm_activities (host_id, learner_id, type, target_type, target_id, offering_id, occurred_at)
		SELECT 'z' || g, 3 + g % 1000, 'view', 'course', '1', 1, timestamptz '2025-01-01Z' + g * interval '5 minutes' FROM generate_series(1, 60000) g;
	INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, paid_on, created_at, content_hash, updated_at, written_at)
		SELECT 'z' || g, '', 3 + g % 1000, 'finished', 'self', 1, 1, 1, 0, 0, 'CNY', 1, now(), timestamptz '2025-01-01Z' + g * interval '15 minutes', 0, now(), now() FROM generate_series(1, 20000) g;
	INSERT INTO crm_order_items (order_id, pos, target_type, target_id, title, quantity, amount) SELECT id, 9, 'course', '1', 'x', 1, 1 FROM crm_orders;
	INSERT INTO crm_enrollments (host_id, learner_id, offering_id, role, status, join_reason, joined_at, content_hash, updated_at, written_at)
		SELECT 'z' || g, 3 + g % 1000, 1, 'student', 'active', '', now(), 0, now(), now() FROM generate_series(1, 20000) g;
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, accepted_at) SELECT 1 + g % 300, 2 + g / 300, 3 + g / 300, 0, 'accepted', now() FROM generate_series(0, 59999) g;
	INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, kind)
		SELECT timestamptz '2025-01-01Z' + g * interval '5 minutes', 10000 + g, 1, 1 + g % 300, 2 + g / 300, 3 + g % 1000, 'human' FROM generate_series(1, 60000) g;
	INSERT INTO crm_followups (learner_id, method, content, owner_id, owner_name, by_id, by_name, at) SELECT 3 + g % 1000, 'phone', 'x', '7', 'Z', '7', 'Z', timestamptz '2025-01-01Z' + g * interval '5 minutes' FROM generate_series(1, 20000) g;
	INSERT INTO crm_intents (learner_id, offering_id, level, before, by_id, by_name, at) SELECT 3 + g % 1000, 1, 'high', 'low', '7', 'Z', timestamptz '2025-01-01Z' + g * interval '5 minutes' FROM generate_series(1, 20000) g;
	INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at) SELECT 1, 1, 3 + g % 1000, true, timestamptz '2025-01-01Z' + g * interval '5 minutes' FROM generate_series(1, 20000) g;
	ANALYZE crm_activities, crm_campaigns, crm_clicks, crm_consents, crm_deliveries, crm_enrollments, crm_followups, crm_intents, crm_label_batches, crm_label_changes, crm_learners, crm_offerings, crm_order_items, crm_orders, crm_pairs, crm_refunds`

// TestTimelineReadsLittle holds how many rows a page looks at: of what has an index by time not many
// more than it shows, at the beginning, in the middle and behind seven hundred events of one instant;
// of orders, places and messages no more than the person has, and those of nobody else.
func TestTimelineReadsLittle(t *testing.T) {
	t.Parallel()
	s, terms := heavy(t), heavyTerms(t)
	if _, err := s.bun.ExecContext(t.Context(), crowdLife); err != nil {
		t.Fatal(err)
	}
	most := map[string]int{"crm_clicks": 200, "crm_followups": 70, "crm_intents": 70, "crm_label_changes": 70, "crm_activities": 900,
		"crm_orders": 700, "crm_order_items": 200, "crm_refunds": 400, "crm_enrollments": 300, "crm_deliveries": 400}
	for name, key := range map[string]eventKey{
		"the beginning": {},
		"the middle":    {At: time.Date(2025, 3, 20, 12, 0, 0, 0, time.UTC), Rank: 3, ID: 200},
		"one instant":   {At: time.Date(2025, 4, 11, 15, 30, 0, 0, time.UTC), Rank: rankOf(dossier.Active), ID: 3100},
	} {
		query := s.bun.QueryGen().FormatQuery(timelineSQL(dossier.All, key), timelineArgs(1, key, dossier.Limit, terms)...)
		var text string
		if err := s.bun.DB.QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+query).Scan(&text); err != nil {
			t.Fatal(err)
		}
		var plans []struct{ Plan step }
		if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) != 1 {
			t.Fatalf("%d plans: %v", len(plans), err)
		}
		for table, n := range most {
			if got := plans[0].Plan.looked(table); got > n {
				t.Errorf("%s: %d rows of %s are looked at, at most %d should be\n%s", name, got, table, n, text)
			}
		}
	}
}

// looked counts the rows of a table and of its partitions that were looked at.
func (p step) looked(table string) int {
	sum := 0
	if p.Table == table || strings.HasPrefix(p.Table, table+"_2") || p.Table == table+"_rest" {
		sum = p.read(p.Table)
		return sum
	}
	for _, sub := range p.Plans {
		sum += sub.looked(table)
	}
	return sum
}
