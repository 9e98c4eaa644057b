package proof

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// traps are the traps of DOMAIN.md §2, in its order.
func traps() []trap {
	classroom := func(id string) h.Target { return h.Target{Type: h.TargetClassroom, ID: id} }
	teacher := func(e *h.Enrollment) { e.Role = h.EnrolledTeacher }
	return []trap{
		{"1 made-up addresses", []life{
			person("made-up", func(l *h.Learner) { l.Email, l.EmailVerified = "user_7@edusoho.net", true }), visits("a1", "made-up", course("c1"), ago(3)),
		}, []string{"made-up c1: potential"}, map[string]string{"SELECT coalesce(usable_email, 'none') FROM crm_learners WHERE host_id = 'made-up'": "none"}},
		{"2 two phones", []life{
			person("typed", func(l *h.Learner) { l.Mobile = "13800138001" }), visits("a2", "typed", course("c2"), ago(3)),
			person("proved", func(l *h.Learner) { l.Mobile, l.MobileVerified = "13800138002", true }), visits("a3", "proved", course("c2"), ago(3)),
		}, []string{"typed c2: potential", "proved c2: potential"}, map[string]string{
			"SELECT coalesce(usable_mobile, 'none') FROM crm_learners WHERE host_id IN ('typed', 'proved') ORDER BY host_id DESC": "none 13800138002"}},
		{"3 teachers and deleted accounts", []life{
			person("teacher", func(l *h.Learner) { l.Roles = []h.Role{h.RoleTeacher} }), joins("e3", "teacher", course("c3"), teacher),
			person("gone", func(l *h.Learner) { l.Status, l.Mobile = h.LearnerDeleted, "13800138003" }), joins("e4", "gone", course("c3")), buys("o3", "gone", course("c3"), nil, h.OrderPaid),
			buys("o3b", "gone", course("c3b"), nil, h.OrderPending),
		}, []string{"teacher c3: nowhere", "gone c3: nowhere, 9900-0", "gone c3b: nowhere, open 9900"}, map[string]string{
			"SELECT nickname || mobile || marketable FROM crm_learners WHERE host_id = 'gone'": "false", "SELECT marketable::text FROM crm_learners WHERE host_id = 'teacher'": "false",
			"SELECT count(*)::text FROM crm_pairs p JOIN crm_offerings f ON f.id = p.offering_id WHERE f.host_id = 'c3' AND p.joined_at IS NOT NULL AND NOT p.gone": "0"}},
		{"4 an offline order has no time of payment", []life{
			person("offline", nil), buys("o4", "offline", course("c4"), func(o *h.Order) { o.Origin, o.PaidCash, o.PaidAt = h.OriginOffline, 0, time.Time{} }, h.OrderFinished),
		}, []string{"offline c4: nowhere, 9900-0"}, map[string]string{
			"SELECT (p.paid_at = o.created_at)::text FROM crm_pairs p JOIN crm_orders o USING (learner_id) WHERE o.host_id = 'o4'": "true"}},
		{"5 a partial refund marks the whole order", []life{
			person("partly", nil), buys("o5", "partly", course("c5"), func(o *h.Order) { o.Refunded = 3000 }, h.OrderRefunded), joins("e5", "partly", course("c5"), exits(h.ExitRefund)),
			person("part-kept", nil), buys("o5b", "part-kept", course("c5"), func(o *h.Order) { o.Refunded = 3000 }, h.OrderRefunded), joins("e5b", "part-kept", course("c5")),
		}, []string{"partly c5: withdrawn, 9900-3000", "part-kept c5: enrolled, 9900-3000"}, nil},
		{"6 one of two orders is refunded or closed", []life{
			person("twice", nil), buys("o6", "twice", course("c6"), nil, h.OrderPaid), buys("o7", "twice", course("c6"), func(o *h.Order) { o.Refunded = 9900 }, h.OrderRefunded), joins("e6", "twice", course("c6")),
			person("again", nil), buys("o8", "again", course("c6"), nil, h.OrderPending, h.OrderClosed), buys("o9", "again", course("c6"), nil, h.OrderPending),
			person("kept", nil), buys("o10", "kept", course("c6"), nil, h.OrderPaid), buys("o11", "kept", course("c6"), nil, h.OrderClosed), joins("e7", "kept", course("c6")),
			person("back", nil), buys("o12", "back", course("c6"), func(o *h.Order) { o.Refunded = 9900 }, h.OrderRefunded), buys("o13", "back", course("c6"), nil, h.OrderPending),
		}, []string{"twice c6: enrolled, 19800-9900", "again c6: pending, open 9900", "kept c6: enrolled, 9900-0", "back c6: pending, 9900-9900, open 9900"}, nil},
		{"7 leaving deletes the row", []life{
			person("left", nil), removed(joins("e8", "left", course("c7"))),
			person("left-known", nil), removed(joins("e9", "left-known", course("c7"), exits(h.ExitExpired))),
		}, []string{"left c7: withdrawn", "left-known c7: nowhere, past"}, nil},
		{"8 rejoining reuses the row or makes a new one", []life{
			person("same-row", nil), joins("e10", "same-row", course("c8"), exits(h.ExitSelf), rejoins),
			person("new-row", nil), joins("e11", "new-row", course("c8"), exits(h.ExitSelf)), joins("e12", "new-row", course("c8")),
			person("removed-row", nil), removed(joins("e13", "removed-row", course("c8"))), joins("e14", "removed-row", course("c8")),
		}, []string{"same-row c8: enrolled", "new-row c8: enrolled", "removed-row c8: enrolled"}, nil},
		{"9 courses inside a classroom are copies", []life{
			teaches(course("c9"), ""), teaches(course("copy9"), "c9"), teaches(course("copy9b"), "c9"), teaches(classroom("class9"), ""),
			person("inside", nil), joins("e15", "inside", classroom("class9")), joins("e16", "inside", course("copy9"), via("class9")), joins("e17", "inside", course("copy9b"), via("class9")),
			person("outside", nil), joins("e18", "outside", classroom("class9"), exits(h.ExitSelf)), joins("e19", "outside", course("copy9"), via("class9"), exits(h.ExitClassroom)),
			joins("e20", "outside", course("copy9b"), via("class9"), exits(h.ExitClassroom)), visits("a9", "outside", course("copy9"), ago(4)),
			person("both", nil), joins("e21", "both", course("copy9"), via("class9")), joins("e22", "both", course("c9")),
			buys("o14", "both", course("copy9"), nil, h.OrderPaid), buys("o15", "both", classroom("class9"), nil, h.OrderPending),
		}, []string{"inside class9: enrolled", "inside c9: enrolled, via classroom", "outside class9: withdrawn", "outside c9: potential", "both c9: enrolled, 9900-0", "both class9: pending, open 9900"},
			map[string]string{"SELECT count(*)::text FROM crm_pairs p JOIN crm_offerings f ON f.id = p.offering_id WHERE f.host_id LIKE 'copy9%'": "0"}},
		{"10 several places at once, and teachers", []life{
			person("many", nil), joins("e23", "many", course("c10"), exits(h.ExitRemoved)), joins("e24", "many", course("c10")), joins("e25", "many", course("c10"), teacher),
			person("taught", nil), joins("e26", "taught", course("c10"), exits(h.ExitSelf)), joins("e27", "taught", course("c10"), teacher),
		}, []string{"many c10: enrolled", "taught c10: withdrawn"}, nil},
		{"11 expired members stay listed", []life{
			person("listed", nil), joins("e28", "listed", course("c11"), func(e *h.Enrollment) { e.Status = h.EnrollmentExpired }), visits("a10", "listed", course("c11"), ago(5)),
			person("ran-out", nil), joins("e29", "ran-out", course("c11"), until(ago(2))),
			person("never", nil), joins("e30", "never", course("c11"), until(time.Time{})),
			person("soon", nil), joins("e31", "soon", course("c11"), until(lookedAt[1])), // time passes
			person("renewed", nil), joins("e32", "renewed", course("c11"), until(ago(2))), joins("e33", "renewed", course("c11"), until(lookedAt[2])),
		}, []string{"listed c11: potential, past", "ran-out c11: nowhere, past", "never c11: enrolled", "soon c11: enrolled", "renewed c11: enrolled"}, nil},
		{"12 changes that mean nothing", []life{
			person("counted", nil), buys("o16", "counted", course("c12"), nil, h.OrderPaid, h.OrderPaid, h.OrderPaid, h.OrderPaid), joins("e34", "counted", course("c12"), rejoins, rejoins, rejoins),
		}, []string{"counted c12: enrolled, 9900-0"}, map[string]string{
			"SELECT sum(gross) || ' ' || sum(enrolled) FROM (SELECT * FROM crm_figures UNION ALL SELECT * FROM crm_figure_changes) c JOIN crm_offerings f ON f.id = c.offering_id WHERE f.host_id = 'c12'": "9900 1"}},
		{"13 visitors are nobody", []life{
			teaches(course("c13"), ""), visits("a11", "", course("c13"), ago(1)),
		}, nil, map[string]string{"SELECT count(*)::text FROM crm_pairs p JOIN crm_offerings f ON f.id = p.offering_id WHERE f.host_id = 'c13'": "0",
			"SELECT count(*)::text FROM crm_learners WHERE host_id = ''": "0", "SELECT count(*)::text FROM crm_activities WHERE host_id = 'a11'": "0"}},
	}
}
