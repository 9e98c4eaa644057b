package main

// Pieces that several statements below share.
const (
	login30 = `l.last_login_at BETWEEN {30d} AND {now}`
	idle60  = `(l.last_login_at IS NULL OR l.last_login_at NOT BETWEEN {60d} AND {now})`
	placed  = `e.role = 'student' AND e.status = 'active' AND (e.expires_at IS NULL OR e.expires_at > {now})`
	reached = `d.state IN ('accepted', 'delivered', 'unknown')`
	rest7   = `coalesce(d.accepted_at, d.sending_at) BETWEEN {7d} AND {now}`
)

// offeringsOf lists the offerings of a category, copies with their originals.
func offeringsOf(category string) string {
	return `ARRAY(SELECT o.id FROM crm_offerings o JOIN crm_offerings c ON c.id = o.canonical_id WHERE '` + category + `' = ANY (c.category_path))`
}

// sleepers pages through those without a login in the last 60 days by going through the index three
// times, each from its right place: those of later, those of earlier, and only when these do
// not fill the page those who never came.
func sleepers(and string) string {
	part := func(condition string) string {
		return `(SELECT l.id, l.last_login_at FROM crm_learners l WHERE ` + condition + and + ` AND {people} {page})`
	}
	return `WITH later AS MATERIALIZED ` + part(`l.last_login_at > {now}`) + `, earlier AS MATERIALIZED ` + part(`l.last_login_at < {60d}`) + `,
		never AS MATERIALIZED ` + part(`l.last_login_at IS NULL AND (SELECT count(*) FROM later) + (SELECT count(*) FROM earlier) < {limit}`) + `
		SELECT l.id FROM (TABLE later UNION ALL TABLE earlier UNION ALL TABLE never) l {page}`
}

// grouped is for questions about rows of another table, of which few matter: those first, then
// the people they belong to.
func grouped(rows string) hand {
	from := ` FROM (` + rows + `) x JOIN crm_learners l ON l.id = x.learner_id WHERE {people}`
	return hand{"SELECT count(*)" + from, "SELECT l.id" + from + " {page}"}
}

// byHand answers the questions. A page that would have to gather everybody first is found sooner
// by walking people in the page's order and asking each, where enough of them fit.
var byHand = map[string]hand{
	"active":          where(`l.status = 'active'`),
	"login30":         where(login30 + ` AND {people}`),
	"login30_paid2":   where(login30 + ` AND l.paid_order_count >= 2 AND {people}`),
	"asleep60":        {where(idle60 + ` AND {people}`).count, sleepers(``)},
	"new_not_bought":  where(`l.registered_at BETWEEN {7d} AND {now} AND l.paid_order_count = 0 AND {people}`),
	"lapsed_big":      where(`l.paid_total >= 100000 AND l.last_paid_at < {90d} AND {people}`),
	"bought_top":      where(`l.bought_ids && '{1}' AND {people}`),
	"bought_rare":     where(`l.bought_ids && '{480}' AND {people}`),
	"top_course_idle": {where(`l.enrolled_ids && '{1}' AND ` + idle60 + ` AND {people}`).count, sleepers(` AND l.enrolled_ids && '{1}'`)},
	// The array stands far back in the row; asked in a FILTER it is dug out for these provinces only.
	"province_not_bought": {`SELECT count(*) FILTER (WHERE NOT l.bought_ids && '{1,2,3}') FROM crm_learners l WHERE l.province IN ('广东', '江苏') AND {people}`,
		where(`l.province IN ('广东', '江苏') AND {people} AND NOT l.bought_ids && '{1,2,3}'`).page},
	"tag_and_paid": where(`l.tag_ids && '{2}' AND l.paid_order_count >= 2 AND {people}`),
	"viewed3_14": {grouped(`SELECT a.learner_id FROM crm_activities a WHERE a.type = 'view' AND a.occurred_at BETWEEN {14d} AND {now} GROUP BY 1 HAVING count(*) >= 3`).count,
		where(`{people} AND (SELECT count(*) FROM crm_activities a WHERE a.learner_id = l.id AND a.type = 'view' AND a.occurred_at BETWEEN {14d} AND {now}) >= 3`).page},
	"viewed20_not_bought": {where(`{people} AND NOT l.bought_ids && '{20}' AND EXISTS (SELECT FROM crm_activities a WHERE a.learner_id = l.id
			AND a.offering_id IN (SELECT id FROM crm_offerings WHERE canonical_id = 20) AND a.occurred_at BETWEEN {30d} AND {now})`).count,
		`WITH a AS MATERIALIZED (SELECT DISTINCT a.learner_id FROM crm_activities a
			WHERE a.offering_id = ANY (ARRAY(SELECT id FROM crm_offerings WHERE canonical_id = 20)) AND a.occurred_at BETWEEN {30d} AND {now})
		SELECT l.id FROM a JOIN crm_learners l ON l.id = a.learner_id WHERE {people} AND NOT l.bought_ids && '{20}' {page}`},
	"spent_90": {grouped(`SELECT o.learner_id FROM crm_orders o WHERE o.paid_on BETWEEN {90d} AND {now} AND o.paid_amount > 0 AND o.currency = 'CNY'
			GROUP BY 1 HAVING sum(o.paid_amount - o.refunded) >= 50000`).count,
		where(`l.last_paid_at >= {90d} AND {people} AND (SELECT sum(o.paid_amount - o.refunded) FROM crm_orders o
			WHERE o.learner_id = l.id AND o.paid_on BETWEEN {90d} AND {now} AND o.paid_amount > 0 AND o.currency = 'CNY') >= 50000`).page},
	"largest": where(`{people} AND EXISTS (SELECT FROM crm_orders o WHERE o.learner_id = l.id AND o.currency = 'CNY'
			AND o.paid_amount - o.refunded >= 95000)`),
	"refunded_recent": where(`l.refund_count >= 1 AND l.last_paid_at BETWEEN {180d} AND {now} AND {people}`),
	"progress": {grouped(`SELECT DISTINCT e.learner_id FROM crm_offerings f JOIN crm_enrollments e ON e.offering_id = f.id
			WHERE f.canonical_id = 10 AND f.required_units > 0 AND e.required_done * 2 >= f.required_units AND ` + placed).count,
		where(`l.enrolled_ids @> '{10}' AND {people} AND (SELECT bool_or(e.required_done * 2 >= f.required_units)
			FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id
			WHERE e.learner_id = l.id AND f.canonical_id = 10 AND f.required_units > 0 AND ` + placed + `)`).page},
	"stalled": {grouped(`SELECT e.learner_id FROM crm_enrollments e WHERE e.offering_id = ANY (` + offeringsOf("分类 3") + `) AND ` + placed + ` AND e.completed_at IS NULL
			GROUP BY 1 HAVING max(coalesce(e.last_learn_at, e.joined_at)) < {30d}`).count,
		where(`l.enrolled_count > 0 AND {people} AND (SELECT max(coalesce(e.last_learn_at, e.joined_at)) FROM crm_enrollments e
			WHERE e.learner_id = l.id AND e.offering_id = ANY (` + offeringsOf("分类 3") + `) AND ` + placed + ` AND e.completed_at IS NULL) < {30d}`).page},
	"withdrawn": {grouped(`SELECT e.learner_id FROM crm_enrollments e WHERE e.role = 'student' AND e.status = 'exited' AND e.exit_reason IN ('self', 'removed', 'refund')
			AND e.exited_at >= {90d} GROUP BY 1 HAVING max(e.exited_at) <= {now}`).count,
		where(`{people} AND (SELECT max(e.exited_at) FROM crm_enrollments e WHERE e.learner_id = l.id AND e.role = 'student' AND e.status = 'exited'
			AND e.exit_reason IN ('self', 'removed', 'refund')) BETWEEN {90d} AND {now}`).page},
	// A campaign that was done before the week began has not reached anybody in it.
	"rested": either(login30+` AND {people} AND l.id NOT IN (SELECT d.learner_id FROM crm_campaigns c JOIN crm_deliveries d ON d.campaign_id = c.id
			WHERE (c.done_at IS NULL OR c.done_at >= {7d}) AND NOT d.direct AND `+reached+` AND `+rest7+`)`,
		login30+` AND {people} AND NOT EXISTS (SELECT FROM crm_deliveries d WHERE d.learner_id = l.id AND NOT d.direct AND `+reached+` AND `+rest7+`)`),
	"not_clicked": {`SELECT count(*) FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id WHERE d.campaign_id = 3 AND ` + reached + ` AND {people}
			AND d.learner_id NOT IN (SELECT k.learner_id FROM crm_clicks k WHERE k.campaign_id = 3 AND k.kind = 'human')`,
		`SELECT l.id FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id WHERE d.campaign_id = 3 AND ` + reached + ` AND {people}
			AND NOT EXISTS (SELECT FROM crm_clicks k WHERE k.campaign_id = 3 AND k.learner_id = d.learner_id AND k.kind = 'human') {page}`},
	"nested": either(nested(`l.id IN (SELECT a.learner_id FROM crm_activities a WHERE a.type = 'view' AND a.occurred_at BETWEEN {14d} AND {now} GROUP BY 1 HAVING count(*) >= 2)`, ``),
		nested(`(SELECT count(*) FROM crm_activities a WHERE a.learner_id = l.id AND a.type = 'view' AND a.occurred_at BETWEEN {14d} AND {now}) >= 2`, ``)),
	"birthday7": where(`l.birthday = ANY ({birthdays}) AND {people}`),
	"name_and_days": where(`l.nickname ILIKE '%99%' AND {people} AND l.id IN (SELECT a.learner_id FROM crm_activities a WHERE a.occurred_at BETWEEN {30d} AND {now}
			GROUP BY 1 HAVING (min(a.occurred_at) AT TIME ZONE '` + zone + `')::date < (max(a.occurred_at) AT TIME ZONE '` + zone + `')::date)`),
}

// nested narrows by the arrays before it looks at rows. or is one more way in.
func nested(viewed, or string) string {
	return `l.last_login_at BETWEEN {90d} AND {now} AND {people} AND (l.tag_ids && '{1,4}' OR (l.registered_at < {year ago} AND ` + viewed + `)
		OR (l.enrolled_ids && ` + offeringsOf("分类 5") + ` AND (SELECT count(*) FROM crm_enrollments e
			WHERE e.learner_id = l.id AND e.offering_id = ANY (` + offeringsOf("分类 5") + `) AND ` + placed + `) >= 1)` + or + `) AND NOT l.bought_ids && '{5}'`
}
