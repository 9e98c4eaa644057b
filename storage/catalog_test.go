package storage

import (
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// richer gives the school of three what their host cannot feed so shortly: "all" has every value
// that the cases below ask for, "other" has others, "none" has nothing.
const richer = `
	UPDATE crm_learners SET register_source = 'wechat', device = 'ios', gender = 'female', birthday = '2000-02-29', province = '广东', city = '深圳',
		roles = '{student,teacher}', inviter_host_id = 'u7', nickname = 'all', real_name = '王小明', usable_mobile = '13800000000', usable_email = 'a@example.com',
		mobile = '13800000000', mobile_verified = true, email = 'a@example.com', email_verified = true, consent_sms = 'denied',
		custom = '{"grade":{"kind":"number","number":2.5},"school":{"kind":"","text":"First High"},"exam":{"kind":"date","date":"2026-06-07T00:00:00Z"},"vip":{"kind":"bool","bool":true}}'
		WHERE host_id = 'all';
	UPDATE crm_learners SET register_source = 'web', device = 'web', gender = 'male', birthday = '1970-07-01', province = '浙江', city = '杭州',
		inviter_host_id = 'u8', nickname = 'other', real_name = '李雷', consent_email = 'denied',
		custom = '{"grade":{"kind":"number","number":1},"school":{"kind":"","text":"Second"},"exam":{"kind":"date","date":"2020-06-07T00:00:00Z"},"vip":{"kind":"bool"}}'
		WHERE host_id = 'other';
	UPDATE crm_learners SET nickname = '', registered_at = NULL, roles = '{student}' WHERE host_id = 'none';
	INSERT INTO crm_words (kind, value, note) VALUES ('custom', 'grade', 'number'), ('custom', 'school', ''), ('custom', 'exam', 'date'), ('custom', 'vip', 'bool');
	UPDATE crm_offerings SET category_path = CASE host_id WHEN '1' THEN '{理科,数学}'::text[] ELSE '{文科}' END, price = CASE host_id WHEN '1' THEN 9900 ELSE 5000 END, required_units = 10;
	UPDATE crm_orders SET coupon = CASE host_id WHEN 'o1' THEN 'SPRING' WHEN 'o3' THEN 'autumn' ELSE '' END, origin = CASE host_id WHEN 'o3' THEN 'offline' ELSE 'self' END;
	UPDATE crm_enrollments SET required_done = CASE host_id WHEN 'e1' THEN 8 ELSE 2 END, join_reason = CASE host_id WHEN 'e1' THEN 'purchase' ELSE 'free' END,
		joined_at = timestamptz '2026-06-30 08:00Z' - CASE host_id WHEN 'e1' THEN interval '5 days' ELSE interval '50 days' END,
		last_learn_at = timestamptz '2026-06-30 08:00Z' - CASE host_id WHEN 'e1' THEN interval '3 days' ELSE interval '40 days' END,
		expires_at = timestamptz '2026-06-30 08:00Z' + CASE host_id WHEN 'e1' THEN interval '5 days' ELSE interval '90 days' END;
	UPDATE crm_learners l SET last_learn_at = e.last_learn_at FROM crm_enrollments e WHERE e.learner_id = l.id;
	INSERT INTO crm_enrollments (host_id, learner_id, offering_id, role, status, join_reason, joined_at, completed_at, exited_at, exit_reason, content_hash, updated_at, written_at)
		SELECT 'done-' || l.host_id, l.id, f.id, 'student', 'exited', '', t.at, t.at, t.at, t.why, 0, now(), now()
		FROM (VALUES ('all', '1', timestamptz '2026-06-28', 'refund'), ('other', '2', timestamptz '2026-03-30', 'self')) t (who, course, at, why)
		JOIN crm_learners l ON l.host_id = t.who JOIN crm_offerings f ON f.host_id = t.course;
	INSERT INTO crm_activities (host_id, learner_id, type, target_type, target_id, offering_id, occurred_at)
		SELECT l.host_id || n, l.id, t.type, 'course', t.course, f.id, t.at - n * interval '1 day'
		FROM (VALUES ('all', '1', 'view', timestamptz '2026-06-29'), ('other', '2', 'learn', timestamptz '2026-04-30')) t (who, course, type, at)
		JOIN crm_learners l ON l.host_id = t.who JOIN crm_offerings f ON f.host_id = t.course, generate_series(0, 2) n;
	UPDATE crm_learners SET refund_count = 1, refund_total = 500, open_order_count = 1, open_order_total = 700, first_paid_at = '2026-06-27' WHERE host_id = 'all';
	UPDATE crm_learners SET first_paid_at = '2026-01-01' WHERE host_id = 'other';
	INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, created_at, content_hash, updated_at, written_at)
		SELECT 'open-' || host_id, '', id, 'pending', 'self', 700, 700, 0, 0, 0, 'CNY', 0, CASE host_id WHEN 'all' THEN timestamptz '2026-06-27' ELSE timestamptz '2026-06-30 01:00Z' END, 0, now(), now()
		FROM crm_learners WHERE host_id <> 'none';
	UPDATE crm_learners SET member_expires_at = CASE host_id WHEN 'all' THEN timestamptz '2026-07-10' ELSE timestamptz '2027-11-10' END WHERE host_id <> 'none';
	UPDATE crm_learners SET dead_mobile = host_id = 'all', dead_email = host_id = 'other' WHERE host_id <> 'none';
	INSERT INTO crm_campaigns (key, name, channel, rule, content, state, by_id, by_name, launched_at)
		SELECT n, 'c' || n, CASE n WHEN 1 THEN 'email' ELSE 'sms' END, '{"all":[]}', '{}', 'done', '', '', '2026-06-01' FROM generate_series(1, 2) n;
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, accepted_at)
		SELECT t.campaign, l.id, l.id, 0, 'accepted', t.at FROM (VALUES ('all', 1, timestamptz '2026-06-26'), ('other', 2, timestamptz '2026-03-30')) t (who, campaign, at)
		JOIN crm_learners l ON l.host_id = t.who;
	INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
		SELECT (random() * 1e15)::bigint, 1, 1, id, id, '2026-06-26 12:00Z', 'human' FROM crm_learners WHERE host_id = 'all';
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, accepted_at)
		SELECT 2, l.id, l.id, 0, 'accepted', '2026-02-15' FROM crm_learners l WHERE host_id = 'all';
	INSERT INTO crm_lists (name, by_id, by_name, given, people, created_at) SELECT 'l' || n, '', '', 1, 1, now() FROM generate_series(1, 2) n;
	INSERT INTO crm_list_members SELECT CASE host_id WHEN 'all' THEN 1 ELSE 2 END, id FROM crm_learners WHERE host_id <> 'none';
	UPDATE crm_learners SET tag_ids = CASE host_id WHEN 'all' THEN ARRAY(SELECT id FROM crm_tags WHERE name = '数学') ELSE '{}' END;
	DELETE FROM crm_pairs;
	INSERT INTO crm_pairs (learner_id, offering_id, stage, past, heat, set_level, refunding, ordered_at, paid_at, joined_at, learned_at)
		SELECT l.id, f.id, t.stage, t.past, t.heat, t.level, t.refunding, t.ordered, t.paid, t.joined, t.learned
		FROM (VALUES ('all', '1', 'potential', true, 1000000, '', 1, timestamptz '2026-06-27', timestamptz '2026-06-28', timestamptz '2026-06-28', timestamptz '2026-06-28'),
			('all', '2', '', false, 0, '', 0, NULL, NULL, NULL, NULL), ('other', '2', 'pending', false, 1000000, 'low', 0, '2026-05-01', NULL, '2026-06-28', '2026-06-27'))
			t (who, course, stage, past, heat, level, refunding, ordered, paid, joined, learned)
		JOIN crm_learners l ON l.host_id = t.who JOIN crm_offerings f ON f.host_id = t.course;
	INSERT INTO crm_followups (learner_id, method, at, next_at, done_at, owner_id, owner_name, by_id, by_name)
		SELECT l.id, t.method, t.at, t.next, t.done, t.owner, '', '', ''
		FROM (VALUES ('all', 'phone', timestamptz '2026-06-27', timestamptz '2026-06-29', NULL, 's1'), ('other', 'plan', '2026-06-29', '2026-07-02', NULL, 's2'),
			('other', 'plan', '2026-05-01', '2026-05-02', timestamptz '2026-05-02', 's1')) t (who, method, at, next, done, owner)
		JOIN crm_learners l ON l.host_id = t.who;
	INSERT INTO crm_labels (name, by_id, by_name, created_at) SELECT 'g' || n, '', '', now() FROM generate_series(1, 2) n;
	INSERT INTO crm_label_people SELECT CASE host_id WHEN 'all' THEN 1 ELSE 2 END, id, now(), '', '' FROM crm_learners WHERE host_id <> 'none';
`

// fieldCase is a condition and who it selects of the three; its negation must select just the
// others, so that "none", who has no value, is always tried both ways.
type fieldCase struct {
	field string
	of    *segment.Of
	op    segment.Op
	value any
	unit  segment.Unit
	want  []string
}

func fieldCases(course, tag, me int64) []fieldCase {
	all, nobodyElse := []string{"all"}, []string{"none", "other"}
	lastDays := func(n int64) *segment.Of { return &segment.Of{Within: &segment.Within{Last: n, Unit: segment.Day}} }
	return []fieldCase{
		{"status", nil, segment.OpIn, []string{"locked"}, "", []string{"other"}},
		{"registered", nil, segment.OpInLast, 2, segment.Month, all},
		{"register_source", nil, segment.OpIn, []string{"wechat"}, "", all},
		{"device", nil, segment.OpNotIn, []string{"ios"}, "", nobodyElse},
		{"gender", nil, segment.OpIn, []string{"female"}, "", all},
		{"age", nil, segment.OpBetween, []int{26, 26}, "", all},
		{"age", nil, segment.OpNe, 26, "", nobodyElse},
		{"birthday", nil, segment.OpBefore, "1980-01-01", "", []string{"other"}},
		{"province", nil, segment.OpIn, []string{"广东"}, "", all},
		{"city", nil, segment.OpEmpty, nil, "", []string{"none"}},
		{"role", nil, segment.OpAnyOf, []string{"teacher"}, "", all},
		{"inviter", nil, segment.OpIs, "U7", "", all},
		{"nickname", nil, segment.OpStarts, "AL", "", all},
		{"real_name", nil, segment.OpLacks, "小", "", nobodyElse},
		{"has_mobile", nil, segment.OpYes, nil, "", all},
		{"has_email", nil, segment.OpNo, nil, "", nobodyElse},
		{"mobile_verified", nil, segment.OpYes, nil, "", all},
		{"email_verified", nil, segment.OpYes, nil, "", all},
		{"last_login", nil, segment.OpInLast, 30, segment.Day, all},
		{"last_login", nil, segment.OpNotInLast, 30, segment.Day, nobodyElse},
		{"last_login", nil, segment.OpOlder, 30, segment.Day, []string{"other"}},
		{"activity", &segment.Of{Types: []string{"view"}, Within: &segment.Within{Last: 14, Unit: segment.Day}}, segment.OpGe, 3, "", all},
		{"activity", &segment.Of{Categories: []string{"理科"}}, segment.OpEq, 0, "", nobodyElse},
		{"last_activity", &segment.Of{Offerings: []int64{course}}, segment.OpInLast, 1, segment.Week, all},
		{"last_activity", nil, segment.OpOlder, 1, segment.Month, []string{"other"}},
		{"active_days", lastDays(30), segment.OpBetween, []int{2, 5}, "", all},
		{"first_paid", nil, segment.OpBefore, "2026-06-01", "", []string{"other"}},
		{"last_paid", nil, segment.OpInLast, 1, segment.Week, all},
		{"paid_count", nil, segment.OpEq, 0, "", []string{"none"}},
		{"paid_count", lastDays(30), segment.OpGe, 2, "", all},
		{"paid_total", nil, segment.OpBetween, []int64{1, 10_000}, "", []string{"other"}},
		{"paid_total", lastDays(30), segment.OpLt, 30_000, "", nobodyElse},
		{"paid_average", nil, segment.OpGe, 15_000, "", all},
		{"paid_average", lastDays(30), segment.OpEmpty, nil, "", nobodyElse},
		{"paid_largest", nil, segment.OpGt, 10_000, "", all},
		{"refund_count", nil, segment.OpGe, 1, "", all},
		{"refund_total", nil, segment.OpGe, 500, "", all},
		{"open_count", nil, segment.OpGe, 1, "", all},
		{"open_total", nil, segment.OpGe, 700, "", all},
		{"open_since", nil, segment.OpOlder, 24, segment.Hour, all},
		{"refund_asked", nil, segment.OpAnyOf, []int64{course}, "", all},
		{"coupon", nil, segment.OpIs, "spring", "", all},
		{"order_origin", nil, segment.OpNoneOf, []string{"offline"}, "", []string{"all", "none"}},
		{"bought", nil, segment.OpNoneOf, []int64{course}, "", nobodyElse},
		{"bought_category", nil, segment.OpAllOf, []string{"理科", "数学"}, "", all},
		{"bought_tag", nil, segment.OpAnyOf, []int64{tag}, "", all},
		{"bought_price", nil, segment.OpGt, 6000, "", all},
		{"member", nil, segment.OpNo, nil, "", []string{"none"}},
		{"member_level", nil, segment.OpIn, []string{"gold"}, "", all},
		{"member_level", nil, segment.OpNotIn, []string{"gold"}, "", nobodyElse},
		{"member_expires", nil, segment.OpInNext, 30, segment.Day, all},
		{"member_ever", nil, segment.OpNo, nil, "", []string{"none"}},
		{"enrolled", nil, segment.OpAllOf, []int64{course}, "", all},
		{"learning", &segment.Of{Categories: []string{"数学"}}, segment.OpGe, 1, "", all},
		{"completed", &segment.Of{Within: &segment.Within{From: "2026-06-01"}}, segment.OpGe, 1, "", all},
		{"completed_at", nil, segment.OpBefore, "2026-06-01", "", []string{"other"}},
		{"progress", nil, segment.OpGe, 50, "", all},
		{"progress", nil, segment.OpLt, 50, "", []string{"other"}},
		{"units_left", nil, segment.OpLe, 2, "", all},
		{"last_learned", nil, segment.OpInLast, 7, segment.Day, all},
		{"last_learned", &segment.Of{Tags: []int64{tag}}, segment.OpEmpty, nil, "", nobodyElse},
		{"stalled", nil, segment.OpOlder, 14, segment.Day, []string{"other"}},
		{"place_expires", nil, segment.OpInNext, 7, segment.Day, all},
		{"joined", &segment.Of{Offerings: []int64{course}}, segment.OpInLast, 7, segment.Day, all},
		{"join_reason", nil, segment.OpAnyOf, []string{"purchase"}, "", all},
		{"withdrawn", nil, segment.OpInLast, 7, segment.Day, all},
		{"exit_reason", nil, segment.OpNoneOf, []string{"refund"}, "", nobodyElse},
		{"stage", &segment.Of{Offerings: []int64{course}}, segment.OpAnyOf, []string{"potential"}, "", all},
		{"stage", &segment.Of{Categories: []string{"文科"}}, segment.OpNotEmpty, nil, "", []string{"other"}},
		{"stage", nil, segment.OpNoneOf, []string{"pending", "enrolled"}, "", []string{"all", "none"}},
		{"intent", &segment.Of{Tags: []int64{tag}}, segment.OpAnyOf, []string{"high", "medium"}, "", all},
		{"intent", nil, segment.OpAllOf, []string{"low"}, "", []string{"other"}}, // as staff said
		{"past_offering", nil, segment.OpNoneOf, []int64{course}, "", nobodyElse},
		{"ordered", &segment.Of{Offerings: []int64{course}}, segment.OpInLast, 7, segment.Day, all},
		{"ordered", nil, segment.OpOlder, 7, segment.Day, []string{"other"}},
		{"paid_for", nil, segment.OpNotEmpty, nil, "", all},
		{"started", &segment.Of{Categories: []string{"理科"}}, segment.OpInLast, 7, segment.Day, all},
		{"contacted", nil, segment.OpNotInLast, 7, segment.Day, nobodyElse},
		{"contacted", &segment.Of{Channels: []string{"sms"}}, segment.OpInLast, 4, segment.Month, []string{"other"}},
		{"campaigns", &segment.Of{Channels: []string{"email"}}, segment.OpGe, 1, "", all},
		{"received", nil, segment.OpAnyOf, []int64{1}, "", all},
		{"clicked", nil, segment.OpAnyOf, []int64{1}, "", all},
		{"not_clicked", nil, segment.OpAnyOf, []int64{2}, "", []string{"all", "other"}},
		{"converted", nil, segment.OpAnyOf, []int64{1}, "", all},
		{"last_click", nil, segment.OpInLast, 30, segment.Day, all},
		{"clicks", &segment.Of{Campaigns: []int64{1}}, segment.OpLt, 1, "", nobodyElse},
		{"clicks", &segment.Of{Links: []int64{2}}, segment.OpLt, 1, "", append(all[:1:1], nobodyElse...)},
		{"clicked", &segment.Of{Links: []int64{1}}, segment.OpAnyOf, []int64{1}, "", all},
		{"clicked", &segment.Of{Links: []int64{2}}, segment.OpEmpty, nil, "", append(all[:1:1], nobodyElse...)},
		{"unsubscribed", nil, segment.OpAnyOf, []string{"sms"}, "", all},
		{"unsubscribed", nil, segment.OpNoneOf, []string{"email"}, "", []string{"all", "none"}}, // told us, or the host
		{"suppressed", nil, segment.OpAnyOf, []string{"sms"}, "", all},
		{"suppressed", nil, segment.OpNoneOf, []string{"email"}, "", []string{"all", "none"}},
		{"followup_last", nil, segment.OpInLast, 7, segment.Day, all},
		{"followup_next", nil, segment.OpInNext, 7, segment.Day, []string{"other"}},
		{"followup_next", nil, segment.OpOlder, 1, segment.Hour, all},
		{"followup_count", nil, segment.OpEq, 0, "", nobodyElse},
		{"followup_count", lastDays(7), segment.OpGe, 1, "", all},
		{"followup_owner", nil, segment.OpAnyOf, []string{"s1"}, "", all},
		{"label", nil, segment.OpAnyOf, []int64{1}, "", all},
		{"interest_tag", nil, segment.OpAnyOf, []int64{tag}, "", all},
		{"query", nil, segment.OpNotIn, []int64{1}, "", nobodyElse}, // logged in within 30 days
		{"list", nil, segment.OpNotIn, []int64{1}, "", nobodyElse},
		{"learner", nil, segment.OpIn, []int64{me}, "", all},
		{"custom.grade", nil, segment.OpGt, 1.5, "", all},
		{"custom.school", nil, segment.OpContains, "first", "", all},
		{"custom.exam", nil, segment.OpAfter, "2026-01-01", "", all},
		{"custom.vip", nil, segment.OpYes, nil, "", all},
	}
}

// TestEveryField includes, excludes and treats a missing value, for each row of the catalogue,
// with the condition and with its negation; and the explanation says the same of all three.
func TestEveryField(t *testing.T) {
	t.Parallel()
	s := newSchool(t, three())
	s.sync(t)
	if _, err := s.db.bun.ExecContext(t.Context(), richer); err != nil {
		t.Fatal(err)
	}
	now := hosttest.SeedTime()
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, func() time.Time { return now })
	id := func(query string) (n int64) {
		t.Helper()
		if err := s.db.bun.NewRaw(query).Scan(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	hostID := map[segment.PersonID]string{}
	for _, who := range []string{"all", "none", "other"} {
		hostID[segment.PersonID(id("SELECT id FROM crm_learners WHERE host_id = '"+who+"'"))] = who
	}
	tested := map[string]bool{}
	for _, c := range fieldCases(id("SELECT id FROM crm_offerings WHERE host_id = '1'"), id("SELECT id FROM crm_tags WHERE name = '数学'"), id("SELECT id FROM crm_learners WHERE host_id = 'all'")) {
		tested[c.field] = true
		rule := segment.Condition(c.field, c.op, c.value, c.unit)
		rule.Of = c.of
		others := slices.DeleteFunc([]string{"all", "none", "other"}, func(who string) bool { return slices.Contains(c.want, who) })
		selects(t, service, hostID, rule, c.want)
		selects(t, service, hostID, segment.Group("none", rule), others)
	}
	env, err := service.Env(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range env.Catalog.Fields() {
		if !tested[f.Key] {
			t.Errorf("field %s has no row in this test", f.Key)
		}
	}
}

// selects checks list, counts and explanation of a rule.
func selects(t *testing.T, service *segment.Service, hostID map[segment.PersonID]string, r segment.Rule, want []string) {
	t.Helper()
	counts, page, err := service.Audience(t.Context(), segment.Query{Rule: segment.Group("all", r), Limit: 10, Parts: true})
	if err != nil {
		t.Fatalf("%s: %v", r.JSON(), err)
	}
	var got, explained []string
	for _, p := range page.People {
		got = append(got, hostID[p.ID])
	}
	for id, who := range hostID {
		e, err := service.Explain(t.Context(), r, id)
		if err != nil {
			t.Fatalf("%s: %v", r.JSON(), err)
		}
		if e.Holds {
			explained = append(explained, who)
		}
	}
	slices.Sort(got)
	slices.Sort(explained)
	if !slices.Equal(got, want) || !slices.Equal(explained, want) {
		t.Errorf("%s selects %v, explains %v, want %v", r.JSON(), got, explained, want)
	}
	if n := int64(len(want)); counts.Matched != n || counts.Members[0] != n || counts.All != 3 {
		t.Errorf("%s counts %+v", r.JSON(), counts)
	}
}
