package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// heavyEvents is what a busy learner did within two years.
const heavyEvents = 5000

// funnelDossier opens the timeline of a learner of whom there is much to tell.
func (b *bench) funnelDossier(ctx context.Context, c *school, loc *time.Location) error {
	var who int64
	if err := c.conn.QueryRow(ctx, "SELECT learner_id FROM crm_orders GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1").Scan(&who); err != nil {
		return err
	}
	if _, err := c.conn.Exec(ctx, `INSERT INTO crm_activities (host_id, learner_id, type, target_type, target_id, offering_id, occurred_at)
		SELECT 'heavy' || n, $1, (ARRAY['view', 'trial', 'favorite', 'question', 'learn'])[1 + n % 5], 'course', (n % 300 + 1)::text, o.id, $2::timestamptz - n * interval '211 minutes'
		FROM generate_series(1, $3::int) n JOIN crm_offerings o ON o.type = 'course' AND o.host_id = (n % 300 + 1)::text`, who, c.now, heavyEvents); err != nil {
		return fmt.Errorf("make a busy learner: %w", err)
	}
	if err := c.tidy(ctx); err != nil {
		return err
	}
	store := &storage.Dossiers{DB: c.db}
	terms := dossier.Terms{Now: c.now, Window: campaign.AttributionWindow, Location: loc, Currency: "CNY"}
	return b.funnelPage(ctx, c, funnelPage{"timeline of a busy learner", func() (int64, error) {
		p, err := store.Timeline(ctx, segment.PersonID(who), dossier.All, "", dossier.Limit, terms)
		n := int64(len(p.Rows))
		for _, e := range p.Rows {
			n += e.At.UnixMicro() / 1000
		}
		return n, err
	}, handTimeline, []any{who, c.now, zone}})
}

// handTimeline finds the thirty latest events of a person and what there is to tell of each. What they
// did goes back to the day of the thirtieth latest deed: more days cannot be on the page.
const handTimeline = `WITH o AS MATERIALIZED (SELECT * FROM crm_orders WHERE learner_id = $1 AND status <> 'deleted'),
	e AS MATERIALIZED (SELECT * FROM crm_enrollments WHERE learner_id = $1 AND role = 'student'),
	r AS MATERIALIZED (SELECT r.*, o.sn FROM o JOIN crm_refunds r ON r.order_id = o.id WHERE o.paid_amount > 0 OR o.status IN ('refunding', 'refunded')),
	done AS (SELECT date_trunc('day', min(occurred_at), $3) AS since FROM (SELECT occurred_at FROM crm_activities WHERE learner_id = $1 ORDER BY occurred_at DESC LIMIT 120) a),
	k AS (
		SELECT created_at AS at, id, 'order' AS what, sn AS text FROM o UNION ALL SELECT paid_on, id, 'order', sn FROM o WHERE paid_on IS NOT NULL
		UNION ALL SELECT coalesce(closed_at, created_at), id, 'order', sn FROM o WHERE status = 'closed'
		UNION ALL SELECT requested_at, order_id, 'order', sn FROM r WHERE requested_at IS NOT NULL UNION ALL SELECT handled_at, order_id, 'order', sn FROM r WHERE handled_at IS NOT NULL AND status <> 'requested'
		UNION ALL SELECT joined_at, id, 'place', '' FROM e UNION ALL SELECT completed_at, id, 'place', '' FROM e WHERE completed_at IS NOT NULL
		UNION ALL SELECT expires_at, id, 'place', '' FROM e WHERE expires_at <= $2 AND status IN ('active', 'expired') UNION ALL SELECT coalesce(exited_at, updated_at), id, 'place', '' FROM e WHERE status = 'exited'
		UNION ALL SELECT registered_at, id, 'self', '' FROM crm_learners WHERE id = $1 AND registered_at IS NOT NULL
		UNION ALL SELECT coalesce(d.accepted_at, d.sending_at, d.settled_at, c.launched_at), c.id, 'sent', c.name FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id
			WHERE d.learner_id = $1 AND d.state IN ('accepted', 'delivered', 'failed', 'unknown')
		UNION ALL (SELECT at, campaign_id, 'click', '' FROM crm_clicks WHERE learner_id = $1 AND kind = 'human' AND campaign_id > 0 ORDER BY at DESC LIMIT 31)
		UNION ALL (SELECT at, id, 'note', content FROM crm_followups WHERE learner_id = $1 AND (method <> 'plan' OR content <> '') ORDER BY at DESC LIMIT 31)
		UNION ALL (SELECT at, id, 'level', level FROM crm_intents WHERE learner_id = $1 ORDER BY at DESC LIMIT 31)
		UNION ALL (SELECT at, id, 'label', '' FROM crm_label_changes WHERE learner_id = $1 ORDER BY at DESC LIMIT 31)
		UNION ALL (SELECT at, id, 'consent', state FROM crm_consents WHERE learner_id = $1 ORDER BY at DESC LIMIT 31)
		UNION ALL SELECT max(a.occurred_at), max(a.id), 'act', a.type || ' ' || count(*) FROM crm_activities a LEFT JOIN crm_offerings f ON f.id = a.offering_id
			WHERE a.learner_id = $1 AND a.occurred_at >= (SELECT since FROM done)
			GROUP BY date_trunc('day', a.occurred_at, $3), a.type, coalesce(f.canonical_id::text, a.target_type || ' ' || a.target_id)),
	shown AS (SELECT * FROM k ORDER BY at DESC LIMIT 30),
	told AS (SELECT at, CASE what
		WHEN 'order' THEN (SELECT string_agg(i.title, ' ') FROM crm_order_items i WHERE i.order_id = shown.id)
		WHEN 'place' THEN (SELECT f.title || x.exit_reason FROM crm_enrollments x JOIN crm_offerings f ON f.id = x.offering_id WHERE x.id = shown.id)
		WHEN 'act' THEN (SELECT f.title FROM crm_activities a JOIN crm_offerings f ON f.id = a.offering_id WHERE a.id = shown.id)
		WHEN 'click' THEN (SELECT name FROM crm_campaigns c WHERE c.id = shown.id) END || text AS said FROM shown)
	SELECT sum(1 + floor(extract(epoch FROM at) * 1000) + coalesce(length(said), 0) * 0)::bigint
		+ (SELECT count(*) FROM o) * 0 + (SELECT count(*) FROM e) * 0 + (SELECT count(*) FROM crm_deliveries WHERE learner_id = $1) * 0 + (SELECT count(*) FROM crm_followups WHERE learner_id = $1) * 0 FROM told`
