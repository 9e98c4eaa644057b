package storage

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// heavyLife is what learner 1 did in 5,000 events: orders of all states with refunds, places, messages
// with clicks, activities by the hundred on some days and many at one instant, notes, levels and tags.
// Learner 2 did some of the same, and must never be seen with 1.
const heavyLife = `
	INSERT INTO crm_offerings (type, host_id, title, canonical_id, updated_at, written_at)
		SELECT 'course', g::text, 'course ' || g, CASE WHEN g = 40 THEN 1 ELSE g END, now(), now() FROM generate_series(1, 40) g;
	INSERT INTO crm_learners (host_id, nickname, status, marketable, content_hash, updated_at, written_at, registered_at, inviter_host_id, custom, roles)
		SELECT 'u' || g, 'learner ' || g, 'active', true, 0, now(), now(), '2024-01-01Z', CASE WHEN g = 1 THEN 'u2' ELSE '' END,
			'{"school": {"kind": "", "text": "实验中学"}, "age": {"kind": "number", "number": 31}}', '{student}' FROM generate_series(1, 2) g;
	INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, paid_on,
			offering_ids, created_at, paid_at, closed_at, content_hash, updated_at, written_at)
		SELECT 'o' || g, 'SN' || g, 1 + (g % 7 = 0)::int, s, 'self', 10000, 9900, 0, 0, CASE WHEN s = 'refunded' THEN 5000 ELSE 0 END, 'CNY', CASE WHEN paid THEN 9900 ELSE 0 END,
			CASE WHEN paid THEN at + g % 5 * interval '1 hour' END, ARRAY[1 + g % 39], at, NULL, CASE WHEN s = 'closed' AND g % 2 = 0 THEN at + interval '1 day' END, 0, now(), now()
		FROM (SELECT g, (ARRAY['pending', 'paid', 'fulfilled', 'finished', 'refunding', 'refunded', 'closed', 'deleted'])[1 + g % 8] AS s, g % 8 BETWEEN 1 AND 5 AS paid,
			timestamptz '2025-01-01Z' + g / 3 * interval '2 days' AS at FROM generate_series(1, 350) g) x;
	INSERT INTO crm_order_items (order_id, pos, target_type, target_id, offering_id, title, quantity, amount)
		SELECT id, p, 'course', '1', 1, 'item ' || p, 1, 4950 FROM crm_orders, generate_series(1, 2) p;
	INSERT INTO crm_refunds (order_id, pos, status, cash, reason, requested_at, handled_at)
		SELECT id, p, CASE WHEN status = 'refunded' THEN 'done' WHEN p = 1 THEN 'refused' ELSE 'requested' END, 100 * p, 'too hard', created_at + interval '3 days',
			CASE WHEN status = 'refunded' OR p = 1 THEN created_at + interval '4 days' END
		FROM crm_orders, generate_series(1, 2) p WHERE status IN ('refunding', 'refunded', 'finished');
	INSERT INTO crm_enrollments (host_id, learner_id, offering_id, role, status, join_reason, joined_at, expires_at, completed_at, exited_at, exit_reason, content_hash, updated_at, written_at)
		SELECT 'e' || g, 1 + (g % 9 = 0)::int, 1 + g % 40, CASE WHEN g % 11 = 0 THEN 'teacher' ELSE 'student' END, (ARRAY['active', 'expired', 'exited', 'locked'])[1 + g % 4], 'purchase',
			timestamptz '2025-01-01Z' + g / 2 * interval '2 days', CASE WHEN g % 3 = 0 THEN timestamptz '2025-06-01Z' + g * interval '1 day' END,
			CASE WHEN g % 5 = 0 THEN timestamptz '2025-03-01Z' END, CASE WHEN g % 4 = 2 AND g % 8 = 2 THEN timestamptz '2025-05-01Z' END, 'self', 0, '2025-07-01Z', now() FROM generate_series(1, 120) g;
	INSERT INTO crm_activities (host_id, learner_id, type, target_type, target_id, offering_id, occurred_at)
		SELECT 'a' || g, 1 + (g % 13 = 0)::int, (ARRAY['view', 'trial', 'learn', 'login', 'question'])[1 + g % 5], 'course', g % 41 || '', nullif(g % 41, 0),
			timestamptz '2025-01-01 15:30Z' + CASE WHEN g < 3000 THEN g / 8 * interval '7 hours' WHEN g < 3700 THEN interval '100 days' ELSE interval '120 days' + g * interval '1 minute' END
		FROM generate_series(1, 4600) g;
	INSERT INTO crm_campaigns (key, name, channel, rule, content, state, by_id, by_name, launched_at)
		SELECT n, CASE WHEN n % 10 = 0 THEN '' ELSE 'c' || n END, 'sms', '{"all":[]}', '{}', 'done', '', '', timestamptz '2025-01-01Z' + n * interval '2 days' FROM generate_series(1, 300) n;
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, accepted_at, direct)
		SELECT n, o, 1 + o, 0, (ARRAY['accepted', 'delivered', 'failed', 'unknown', 'excluded', 'queued'])[1 + n % 6],
			CASE WHEN n % 6 < 2 THEN timestamptz '2025-01-01Z' + n / 2 * interval '4 days' END, n % 10 = 0 FROM generate_series(1, 300) n, generate_series(0, 1) o;
	INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, kind)
		SELECT timestamptz '2025-01-01Z' + g / 3 * interval '36 hours', g, 1, 1 + g % 300, g % 2, 1 + g % 2, CASE WHEN g % 4 = 0 THEN 'bot' ELSE 'human' END FROM generate_series(1, 900) g;
	INSERT INTO crm_followups (learner_id, offering_id, method, content, owner_id, owner_name, by_id, by_name, at, edited_at)
		SELECT 1 + g % 2, nullif(g % 40, 0), CASE WHEN g % 6 < 2 THEN 'plan' ELSE 'phone' END, CASE WHEN g % 6 = 0 THEN '' ELSE 'note ' || g END, '7', 'Z', '7', 'Z',
			timestamptz '2025-02-01Z' + g / 4 * interval '1 day', CASE WHEN g % 3 = 0 THEN timestamptz '2025-12-01Z' END FROM generate_series(1, 300) g;
	INSERT INTO crm_intents (learner_id, offering_id, level, before, by_id, by_name, at)
		SELECT 1 + g % 2, 1 + g % 39, 'high', 'low', '7', 'Z', timestamptz '2025-02-01Z' + g / 4 * interval '1 day' FROM generate_series(1, 100) g;
	INSERT INTO crm_labels (name, by_id, by_name, created_at) SELECT 'tag ' || g, '7', 'Z', now() FROM generate_series(1, 3) g;
	INSERT INTO crm_label_batches (key, label_id, action, people, asked, by_id, by_name, at) SELECT g, g, 'add', g, g, '7', 'Z', now() FROM generate_series(1, 3) g;
	INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at)
		SELECT 1 + g % 3, 1 + g % 3, 1 + g % 2, g % 4 < 2, timestamptz '2025-02-01Z' + g / 6 * interval '1 day' FROM generate_series(1, 100) g;
	INSERT INTO crm_consents (learner_id, channel, state, source, purpose, by_id, at)
		SELECT 1 + g % 2, 'sms', CASE WHEN g % 4 < 2 THEN 'denied' ELSE 'granted' END, 'staff', 'marketing', '7', timestamptz '2025-02-01Z' + g / 4 * interval '1 day' FROM generate_series(1, 20) g;
	INSERT INTO crm_pairs (learner_id, offering_id, stage, heat, set_level, at) SELECT 1, g, (ARRAY['potential', 'pending', 'withdrawn'])[1 + g % 3], 1, CASE WHEN g % 2 = 0 THEN 'high' ELSE '' END, '2025-02-01Z' FROM generate_series(1, 30) g;
	ANALYZE crm_activities, crm_campaigns, crm_clicks, crm_consents, crm_deliveries, crm_enrollments, crm_followups, crm_intents, crm_label_batches, crm_label_changes, crm_learners, crm_offerings, crm_order_items, crm_orders, crm_pairs, crm_refunds`

// heavyTerms tells the story in the zone whose days do not begin with those of UTC.
func heavyTerms(t testing.TB) dossier.Terms {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return dossier.Terms{Now: time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC), Window: campaign.AttributionWindow, Location: zone, Currency: "CNY"}
}

func heavy(t testing.TB) *Dossiers {
	t.Helper()
	db := open(t)
	if _, err := db.bun.ExecContext(t.Context(), heavyLife); err != nil {
		t.Fatal(err)
	}
	return &Dossiers{DB: db}
}

// walk reads a list to its end, page by page.
func walk[T any](t testing.TB, page func(after string) (dossier.Page[T], error)) (all []T) {
	t.Helper()
	after := ""
	for range 1000 {
		p, err := page(after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Rows...)
		if after = p.Next; after == "" {
			return all
		}
	}
	t.Fatal("the list has no end")
	return nil
}

// keysOf renders events by what makes them unlike others.
func keysOf(list []dossier.Event) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = fmt.Sprintf("%s %s %d/%d ×%d", e.At.Format(time.RFC3339), e.What, e.ID, e.Part, e.Count)
	}
	return out
}

// wanted counts, in plain statements, how many events of each sort learner 1 has.
var wanted = map[dossier.What]string{
	dossier.Registered:  "SELECT 1",
	dossier.Sent:        "SELECT count(*) FROM crm_deliveries WHERE learner_id = 1 AND state NOT IN ('excluded', 'queued')",
	dossier.Clicked:     "SELECT count(*) FROM crm_clicks WHERE learner_id = 1 AND kind = 'human'",
	dossier.Active:      "SELECT count(DISTINCT (a.type, coalesce(f.canonical_id, 0), (occurred_at AT TIME ZONE 'Asia/Shanghai')::date)) FROM crm_activities a LEFT JOIN crm_offerings f ON f.id = a.offering_id WHERE learner_id = 1",
	dossier.Ordered:     "SELECT count(*) FROM crm_orders WHERE learner_id = 1 AND status <> 'deleted'",
	dossier.Paid:        "SELECT count(*) FROM crm_orders WHERE learner_id = 1 AND paid_amount > 0",
	dossier.Closed:      "SELECT count(*) FROM crm_orders WHERE learner_id = 1 AND status = 'closed'",
	dossier.RefundAsked: "SELECT count(*) FROM crm_refunds r JOIN crm_orders o ON o.id = r.order_id WHERE o.learner_id = 1",
	dossier.RefundEnded: "SELECT count(*) FROM crm_refunds r JOIN crm_orders o ON o.id = r.order_id WHERE o.learner_id = 1 AND r.status IN ('done', 'refused')",
	dossier.Joined:      "SELECT count(*) FROM crm_enrollments WHERE learner_id = 1 AND role = 'student'",
	dossier.Completed:   "SELECT count(completed_at) FROM crm_enrollments WHERE learner_id = 1 AND role = 'student'",
	dossier.Expired:     "SELECT count(*) FROM crm_enrollments WHERE learner_id = 1 AND role = 'student' AND expires_at <= '2025-12-01Z' AND status IN ('active', 'expired')",
	dossier.Left:        "SELECT count(*) FROM crm_enrollments WHERE learner_id = 1 AND role = 'student' AND status = 'exited'",
	dossier.Noted:       "SELECT count(*) FROM crm_followups WHERE learner_id = 1 AND NOT (method = 'plan' AND content = '')",
	dossier.Levelled:    "SELECT count(*) FROM crm_intents WHERE learner_id = 1",
	dossier.Labelled:    "SELECT count(*) FROM crm_label_changes WHERE learner_id = 1",
	dossier.Consented:   "SELECT count(*) FROM crm_consents WHERE learner_id = 1",
}

// TestTimelineIsWhole walks the timeline of a long life: every event once, the latest first, at any
// filter and whatever the size of a page; and all activities are in some group.
func TestTimelineIsWhole(t *testing.T) {
	t.Parallel()
	s, terms := heavy(t), heavyTerms(t)
	read := func(f dossier.Filter, limit int) []dossier.Event {
		return walk(t, func(after string) (dossier.Page[dossier.Event], error) {
			return s.Timeline(t.Context(), 1, f, after, limit, terms)
		})
	}
	all := read(dossier.All, dossier.Limit)
	got, activities := map[dossier.What]int{}, 0
	for _, e := range all {
		if got[e.What]++; e.What == dossier.Active {
			activities += e.Count
		}
	}
	for w, query := range wanted {
		var n int
		if err := s.bun.NewRaw(query).Scan(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
		if got[w] != n || n == 0 {
			t.Errorf("%d events %s, want %d", got[w], w, n)
		}
	}
	var n int
	if err := s.bun.NewRaw("SELECT count(*) FROM crm_activities WHERE learner_id = 1").Scan(t.Context(), &n); err != nil || n != activities {
		t.Errorf("%d activities are in groups, of %d: %v", activities, n, err)
	}
	for _, limit := range []int{1, 7, 200} {
		f := dossier.All
		if limit == 1 { // five thousand pages of one would prove no more
			f = dossier.Buying
		}
		same(t, fmt.Sprintf("pages of %d", limit), keysOf(read(f, limit)), keysOf(only(all, f)))
	}
	for _, f := range dossier.Filters() {
		list := read(f, dossier.Limit)
		same(t, string(f), keysOf(list), keysOf(only(all, f)))
		if !slices.IsSortedFunc(list, func(a, b dossier.Event) int { return b.At.Compare(a.At) }) {
			t.Errorf("%s: not in order", f)
		}
		if keys := slices.Sorted(slices.Values(keysOf(list))); len(slices.Compact(keys)) != len(list) {
			t.Errorf("%s: some of %d events are there twice", f, len(list))
		}
	}
}

func only(list []dossier.Event, f dossier.Filter) (out []dossier.Event) {
	for _, e := range list {
		if f.Keeps(e.What) {
			out = append(out, e)
		}
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: event %d is %s, want %s", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d events, want %d", what, len(got), len(want))
	}
}

// TestTimelineCursors holds that a cursor is refused unless it is one, and that nobody's timeline is
// empty.
func TestTimelineCursors(t *testing.T) {
	t.Parallel()
	s, terms := &Dossiers{DB: open(t)}, heavyTerms(t)
	if _, err := s.Timeline(t.Context(), 1, dossier.All, "%%", 30, terms); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a bad cursor: %v", err)
	}
	if p, err := s.Timeline(t.Context(), 1, dossier.All, "", 30, terms); err != nil || len(p.Rows) > 0 || p.Next != "" {
		t.Errorf("nobody's: %+v, %v", p, err)
	}
	if _, err := s.Head(t.Context(), 1, terms); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := s.Details(t.Context(), 1); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("nobody's details: %v", err)
	}
}
