package storage

import (
	"fmt"

	"github.com/coursecrm/coursecrm/crm/dossier"
)

// eventSource is where events of one sort or of several come from. detail gives the rest of event k
// as JSON, and is asked for the shown ones only. Arguments: ?0 the person, ?1 the attribution window
// in seconds, ?2 now, ?3 the moment of the cursor, ?4 and ?5 its id and sub, ?6 how many events are
// wanted, ?7 the site's time zone.
//
// Orders, enrollments and refunds of one person are some hundred at most, have no index by all of
// their moments, and each makes events of several sorts: rows reads them (id and sub, of x) once for
// all sorts. Of the others keys gives at, id, sub and n of one sort, and they are read by an index on
// (learner_id, time), backwards, no further than the page goes. Fewer branches are also less to plan,
// which is most of what a page costs.
type eventSource struct {
	moments    []moment
	rows, keys string
	detail     string
}

// moment is when a row makes an event of a sort; null: it makes none.
type moment struct {
	what dossier.What
	at   string
}

const (
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
	clickDetail = `(SELECT jsonb_build_object('campaign', c.id, 'name', c.name, 'channel', c.channel) FROM crm_campaigns c WHERE c.id = k.n)`
	noteDetail  = `(SELECT jsonb_build_object('method', x.method, 'text', x.content, 'level', x.intent, 'by', x.by_name, 'edited_at', x.edited_at, 'next_at', x.next_at,
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

// eventSources lists them, together those of dossier.Whats.
func eventSources() []eventSource {
	one := func(what dossier.What, keys, detail string) eventSource {
		return eventSource{moments: []moment{{what: what}}, keys: keys, detail: detail}
	}
	return append(rowEvents(),
		one(dossier.Registered, `SELECT registered_at AS at, id, 0 AS sub, 1 AS n FROM crm_learners WHERE id = ?0 AND registered_at IS NOT NULL`, `'{}'::jsonb`),
		one(dossier.Sent, `SELECT `+sentAt+` AS at, d.campaign_id AS id, 0 AS sub, 1 AS n FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id
			WHERE d.learner_id = ?0 AND d.state IN ('accepted', 'delivered', 'failed', 'unknown')`, sentDetail),
		// n is the campaign: looking the click up again would mean planning for every month's part.
		one(dossier.Clicked, `SELECT at, id, 0 AS sub, campaign_id AS n FROM crm_clicks WHERE learner_id = ?0 AND kind = 'human' AND campaign_id > 0`, clickDetail),
		one(dossier.Active, activityKeys, activityDetail),
		one(dossier.Noted, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_followups WHERE learner_id = ?0 AND (method <> 'plan' OR content <> '')`, noteDetail),
		one(dossier.Levelled, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_intents WHERE learner_id = ?0`, levelDetail),
		one(dossier.Labelled, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_label_changes WHERE learner_id = ?0`, labelDetail),
		one(dossier.Consented, `SELECT at, id, 0 AS sub, 1 AS n FROM crm_consents WHERE learner_id = ?0`, consentDetail))
}

// rowEvents are those of which one row makes several.
func rowEvents() []eventSource {
	return []eventSource{
		{rows: `SELECT *, 0 AS sub FROM crm_orders WHERE learner_id = ?0 AND status <> 'deleted'`, detail: orderDetail(), moments: []moment{
			{dossier.Ordered, "x.created_at"}, {dossier.Paid, "x.paid_on"}, {dossier.Closed, "CASE WHEN x.status = 'closed' THEN coalesce(x.closed_at, x.created_at) END"}}},
		{rows: `SELECT order_id AS id, pos AS sub, requested_at, handled_at, status FROM crm_refunds WHERE order_id = ANY (ARRAY(
				SELECT id FROM crm_orders WHERE learner_id = ?0 AND status <> 'deleted' AND (paid_amount > 0 OR status IN ('refunding', 'refunded'))))`, detail: refundDetail, moments: []moment{
			{dossier.RefundAsked, "x.requested_at"}, {dossier.RefundEnded, "CASE WHEN x.status <> 'requested' THEN x.handled_at END"}}},
		{rows: `SELECT *, 0 AS sub FROM crm_enrollments WHERE learner_id = ?0 AND role = 'student'`, detail: placeDetail, moments: []moment{
			{dossier.Joined, "x.joined_at"}, {dossier.Completed, "x.completed_at"},
			{dossier.Expired, "CASE WHEN x.expires_at <= ?2 AND x.status IN ('active', 'expired') THEN x.expires_at END"},
			{dossier.Left, "CASE WHEN x.status = 'exited' THEN coalesce(x.exited_at, x.updated_at) END"}}},
	}
}

// orderDetail tells of an order; once paid also which campaign it counts for.
func orderDetail() string {
	return fmt.Sprintf(`(SELECT jsonb_build_object('order', o.sn, 'currency', o.currency, 'amount', CASE k.rank WHEN %[1]d THEN o.paid_amount ELSE o.payable_amount END,
		'titles', (SELECT jsonb_agg(i.title ORDER BY i.pos) FROM crm_order_items i WHERE i.order_id = o.id))
		|| coalesce((SELECT jsonb_build_object('campaign', c.id, 'name', c.name, 'channel', c.channel) FROM crm_campaigns c WHERE k.rank = %[1]d AND c.id = `+creditOf+`), '{}')
		FROM crm_orders o WHERE o.id = k.id)`, rankOf(dossier.Paid))
}
