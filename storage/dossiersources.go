package storage

import "github.com/coursecrm/coursecrm/crm/dossier"

// eventSource is where events of one sort come from. keys gives at, id, sub and n of the events of
// person ?0; detail gives the rest of event k as JSON, and is asked for the shown ones only. Further
// arguments: ?1 the attribution window in seconds, ?2 now, ?3 the moment of the cursor, ?4 and ?5 its
// id and sub, ?6 how many events are wanted, ?7 the site's time zone.
//
// Orders, enrollments and messages of one person are some hundred at most, and have no index by all
// of their moments: they are read once, by the person, for all sorts of events (orderTimes …). The
// others are read by an index on (learner_id, time), backwards, no further than the page goes.
type eventSource struct {
	what         dossier.What
	keys, detail string
}

// Rows that make several sorts of events, read once.
const (
	orderTimes  = `o AS MATERIALIZED (SELECT id, status, created_at, paid_on, closed_at, paid_amount FROM crm_orders WHERE learner_id = ?0 AND status <> 'deleted')`
	placeTimes  = `e AS MATERIALIZED (SELECT id, status, joined_at, completed_at, expires_at, exited_at, updated_at FROM crm_enrollments WHERE learner_id = ?0 AND role = 'student')`
	refundTimes = `r AS MATERIALIZED (SELECT r.order_id, r.pos, r.requested_at, r.handled_at, r.status FROM o JOIN crm_refunds r ON r.order_id = o.id WHERE o.paid_amount > 0 OR o.status IN ('refunding', 'refunded'))`
)

const (
	paidCredit   = `) || coalesce((SELECT jsonb_build_object('campaign', c.id, 'name', c.name, 'channel', c.channel) FROM crm_campaigns c WHERE c.id = ` + creditOf + `), '{}')`
	refundDetail = `(SELECT jsonb_build_object('order', o.sn, 'currency', o.currency, 'amount', r.cash, 'refund', r.status, 'text', r.reason,
		'titles', (SELECT jsonb_agg(i.title ORDER BY i.pos) FROM crm_order_items i WHERE i.order_id = o.id))
		FROM crm_refunds r JOIN crm_orders o ON o.id = r.order_id WHERE r.order_id = k.id AND r.pos = k.sub)`
	placeDetail = `(SELECT jsonb_build_object('offering', f.canonical_id, 'type', f.type, 'titles', ARRAY[` + titleOf + `], 'join', e.join_reason, 'exit', e.exit_reason)
		FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id WHERE e.id = k.id)`
	activityDetail = `(SELECT jsonb_build_object('activity', a.type, 'offering', f.canonical_id, 'type', f.type, 'titles',
			CASE WHEN f.id IS NOT NULL THEN ARRAY[CASE WHEN g.title <> '' THEN g.title ELSE ` + titleOf + ` END] END)
		FROM crm_activities a LEFT JOIN crm_offerings f ON f.id = a.offering_id LEFT JOIN crm_offerings g ON g.id = f.canonical_id WHERE a.id = k.id)`
	sentDetail = `(SELECT jsonb_build_object('campaign', c.id, 'name', c.name, 'channel', c.channel, 'state', x.state, 'reason', x.reason)
		FROM crm_deliveries x JOIN crm_campaigns c ON c.id = x.campaign_id WHERE x.learner_id = ?0 AND x.campaign_id = k.id)`
	clickDetail = `(SELECT jsonb_build_object('campaign', c.id, 'name', c.name, 'channel', c.channel)
		FROM crm_clicks x JOIN crm_campaigns c ON c.id = x.campaign_id WHERE x.at = k.at AND x.id = k.id)`
	noteDetail = `(SELECT jsonb_build_object('method', x.method, 'text', x.content, 'level', x.intent, 'by', x.by_name, 'edited_at', x.edited_at, 'next_at', x.next_at,
			'offering', x.offering_id, 'type', f.type, 'titles', CASE WHEN f.id IS NOT NULL THEN ARRAY[` + titleOf + `] END)
		FROM crm_followups x LEFT JOIN crm_offerings f ON f.id = x.offering_id WHERE x.id = k.id)`
	levelDetail = `(SELECT jsonb_build_object('level', x.level, 'before', x.before, 'text', x.reason, 'by', x.by_name, 'offering', x.offering_id, 'type', f.type, 'titles', ARRAY[` + titleOf + `])
		FROM crm_intents x JOIN crm_offerings f ON f.id = x.offering_id WHERE x.id = k.id)`
	labelDetail = `(SELECT jsonb_build_object('label', l.name, 'added', x.added, 'by', b.by_name, 'undone', b.action = 'undo', 'many', b.people > 1)
		FROM crm_label_changes x JOIN crm_label_batches b ON b.id = x.batch_id JOIN crm_labels l ON l.id = x.label_id WHERE x.id = k.id)`
	consentDetail = `(SELECT jsonb_build_object('channel', x.channel, 'consent', x.state, 'source', x.source, 'by', x.by_id, 'campaign', x.campaign_id)
		FROM crm_consents x WHERE x.id = k.id)`
)

// sentAt is when a message left, or was found not to leave.
const sentAt = `coalesce(d.accepted_at, d.sending_at, d.settled_at, c.launched_at)`

// activityKeys puts activities together by sort, offering and day. It goes back day by day, whole
// days only, so that what a group holds does not depend on where a page begins; and no further than
// it takes to have enough groups behind the cursor (%[1]s) — %[2]s is the end of its day.
const activityKeys = `WITH RECURSIVE days (lo, need, ats, ids, ns) AS (
		SELECT %[2]s::timestamptz, ?6, NULL::timestamptz[], NULL::bigint[], NULL::bigint[]
		UNION ALL
		SELECT s.lo, days.need - g.groups, g.ats, g.ids, g.ns FROM days
		CROSS JOIN LATERAL (SELECT date_trunc('day', a.occurred_at, ?7) AS lo FROM crm_activities a
			WHERE a.learner_id = ?0 AND a.occurred_at < days.lo ORDER BY a.occurred_at DESC LIMIT 1) s
		CROSS JOIN LATERAL (SELECT count(*)::int AS groups, array_agg(x.at) AS ats, array_agg(x.id) AS ids, array_agg(x.n) AS ns FROM (
			SELECT max(a.occurred_at) AS at, max(a.id) AS id, count(*) AS n, 0 AS sub
			FROM crm_activities a LEFT JOIN crm_offerings f ON f.id = a.offering_id
			WHERE a.learner_id = ?0 AND a.occurred_at >= s.lo AND a.occurred_at < days.lo
			GROUP BY a.type, coalesce(f.canonical_id::text, a.target_type || ' ' || a.target_id)) x WHERE %[1]s) g
		WHERE days.need > 0)
	SELECT u.at, u.id, 0 AS sub, u.n FROM days, unnest(days.ats, days.ids, days.ns) AS u (at, id, n)`

// eventSources lists them, those of dossier.Whats.
func eventSources() map[dossier.What]eventSource {
	out := map[dossier.What]eventSource{}
	for _, s := range append(purchaseEvents(), []eventSource{
		{dossier.Registered, `SELECT registered_at AS at, id, 0 AS sub, 1 AS n FROM crm_learners WHERE id = ?0 AND registered_at IS NOT NULL`, `'{}'::jsonb`},
		{dossier.Sent, `SELECT ` + sentAt + ` AS at, d.campaign_id AS id, 0 AS sub, 1 AS n FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id
			WHERE d.learner_id = ?0 AND d.state IN ('accepted', 'delivered', 'failed', 'unknown')`, sentDetail},
		{dossier.Clicked, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_clicks WHERE learner_id = ?0 AND kind = 'human' AND campaign_id > 0`, clickDetail},
		{dossier.Active, activityKeys, activityDetail},
		{dossier.Joined, `SELECT joined_at AS at, id, 0 AS sub, 1 AS n FROM e`, placeDetail},
		{dossier.Completed, `SELECT completed_at AS at, id, 0 AS sub, 1 AS n FROM e WHERE completed_at IS NOT NULL`, placeDetail},
		{dossier.Expired, `SELECT expires_at AS at, id, 0 AS sub, 1 AS n FROM e WHERE expires_at <= ?2 AND status IN ('active', 'expired')`, placeDetail},
		{dossier.Left, `SELECT coalesce(exited_at, updated_at) AS at, id, 0 AS sub, 1 AS n FROM e WHERE status = 'exited'`, placeDetail},
		{dossier.Noted, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_followups WHERE learner_id = ?0 AND (method <> 'plan' OR content <> '')`, noteDetail},
		{dossier.Levelled, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_intents WHERE learner_id = ?0`, levelDetail},
		{dossier.Labelled, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_label_changes WHERE learner_id = ?0`, labelDetail},
		{dossier.Consented, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_consents WHERE learner_id = ?0`, consentDetail},
	}...) {
		out[s.what] = s
	}
	return out
}

func purchaseEvents() []eventSource {
	return []eventSource{
		{dossier.Ordered, `SELECT created_at AS at, id, 0 AS sub, 1 AS n FROM crm_orders WHERE learner_id = ?0 AND status <> 'deleted'`, orderOf("o.payable_amount", ")")},
		{dossier.Paid, `SELECT paid_on AS at, id, 0 AS sub, 1 AS n FROM o WHERE paid_on IS NOT NULL`, orderOf("o.paid_amount", paidCredit)},
		{dossier.RefundAsked, `SELECT requested_at AS at, order_id AS id, pos AS sub, 1 AS n FROM r WHERE requested_at IS NOT NULL`, refundDetail},
		{dossier.RefundEnded, `SELECT handled_at AS at, order_id AS id, pos AS sub, 1 AS n FROM r WHERE handled_at IS NOT NULL AND status <> 'requested'`, refundDetail},
		{dossier.Closed, `SELECT coalesce(closed_at, created_at) AS at, id, 0 AS sub, 1 AS n FROM o WHERE status = 'closed'`, orderOf("o.payable_amount", ")")},
	}
}

// orderOf gives the detail of an order; end closes it.
func orderOf(amount, end string) string {
	return `(SELECT jsonb_build_object('order', o.sn, 'currency', o.currency, 'amount', ` + amount + `,
		'titles', (SELECT jsonb_agg(i.title ORDER BY i.pos) FROM crm_order_items i WHERE i.order_id = o.id)` + end + ` FROM crm_orders o WHERE o.id = k.id)`
}
