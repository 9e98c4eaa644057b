package main

import (
	"context"
	"fmt"
)

// The other way to keep people, which many mailers have: one table, and all that is known about a
// person in one document. Times are microseconds, offerings are already those that count, and
// what is missing is left out, which is as easy as documents can be made to ask.

var flatTable = []string{
	`CREATE TABLE subscribers (id bigint PRIMARY KEY, attribs jsonb NOT NULL, last_login_at timestamptz)`,
	`CREATE FUNCTION micros(t timestamptz) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS 'SELECT (extract(epoch FROM t) * 1000000)::bigint'`,
	`INSERT INTO subscribers SELECT l.id, jsonb_strip_nulls(jsonb_build_object(
			'status', l.status, 'nickname', l.nickname, 'province', l.province, 'birthday', l.birthday, 'registered', micros(l.registered_at),
			'last_login', micros(l.last_login_at), 'paid_count', l.paid_order_count, 'paid_total', l.paid_total, 'last_paid', micros(l.last_paid_at),
			'refund_count', l.refund_count, 'tags', l.tag_ids, 'bought', l.bought_ids, 'enrolled', l.enrolled_ids,
			'email', l.usable_email, 'mobile', l.usable_mobile,
			'orders', (SELECT jsonb_agg(jsonb_build_object('net', o.paid_amount - o.refunded, 'cur', o.currency, 'on', micros(o.paid_on)))
				FROM crm_orders o WHERE o.learner_id = l.id AND o.paid_amount > 0),
			'enrollments', (SELECT jsonb_agg(jsonb_build_object('o', f.canonical_id, 'cat', f.category_path, 's', e.status, 'x', micros(e.expires_at),
					'p', least(e.required_done::bigint * 100 / nullif(f.required_units, 0), 100), 't', micros(coalesce(e.last_learn_at, e.joined_at)),
					'done', micros(e.completed_at), 'exit', micros(e.exited_at), 'why', nullif(e.exit_reason, '')))
				FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id WHERE e.learner_id = l.id AND e.role = 'student'),
			'activities', (SELECT jsonb_agg(jsonb_build_object('t', a.type, 'o', f.canonical_id, 'at', micros(a.occurred_at)))
				FROM crm_activities a LEFT JOIN crm_offerings f ON f.id = a.offering_id WHERE a.learner_id = l.id),
			'deliveries', (SELECT jsonb_agg(jsonb_build_object('c', d.campaign_id, 'at', micros(coalesce(d.accepted_at, d.sending_at)),
					'hit', (SELECT min(micros(k.at)) FROM crm_clicks k WHERE k.campaign_id = d.campaign_id AND k.ordinal = d.ordinal AND k.kind = 'human')))
				FROM crm_deliveries d WHERE d.learner_id = l.id AND d.state IN ('accepted', 'delivered', 'unknown')))), l.last_login_at
		FROM crm_learners l WHERE l.status <> 'deleted'`,
	`CREATE INDEX subscribers_login ON subscribers (last_login_at DESC NULLS LAST, id DESC)`,
	`CREATE INDEX subscribers_bought ON subscribers USING gin ((attribs -> 'bought') jsonb_path_ops)`,
	`CREATE INDEX subscribers_enrolled ON subscribers USING gin ((attribs -> 'enrolled') jsonb_path_ops)`,
	`CREATE INDEX subscribers_tags ON subscribers USING gin ((attribs -> 'tags') jsonb_path_ops)`,
	`VACUUM ANALYZE subscribers`,
}

// flatten makes the table of documents.
func (c *school) flatten(ctx context.Context) error {
	for _, step := range flatTable {
		if _, err := c.conn.Exec(ctx, step); err != nil {
			return fmt.Errorf("make documents: %w", err)
		}
	}
	return nil
}

// onDocument turns a condition on subscribers AS s into two statements.
func onDocument(condition string) hand {
	return hand{`SELECT count(*) FROM subscribers s WHERE ` + condition,
		`SELECT s.id FROM subscribers s WHERE ` + condition + ` ORDER BY s.last_login_at DESC NULLS LAST, s.id DESC LIMIT {limit}`}
}

// What several questions ask of a document.
const (
	flatLogin30 = `(s.attribs->>'last_login')::bigint BETWEEN {.30d} AND {.now}`
	flatIdle60  = `((s.attribs->>'last_login') IS NULL OR (s.attribs->>'last_login')::bigint NOT BETWEEN {.60d} AND {.now})`
	flatPaid2   = `(s.attribs->>'paid_count')::int >= 2`
	flatCurrent = `@.s == "active" && (!exists(@.x) || @.x > {.now})`
)

// onDocuments are the conditions.
var onDocuments = map[string]string{
	"active":              `s.attribs->>'status' = 'active'`,
	"login30":             flatLogin30,
	"login30_paid2":       flatLogin30 + ` AND ` + flatPaid2,
	"asleep60":            flatIdle60,
	"new_not_bought":      `(s.attribs->>'registered')::bigint BETWEEN {.7d} AND {.now} AND (s.attribs->>'paid_count')::int = 0`,
	"lapsed_big":          `(s.attribs->>'paid_total')::bigint >= 100000 AND (s.attribs->>'last_paid')::bigint < {.90d}`,
	"bought_top":          `s.attribs->'bought' @> '1'`,
	"bought_rare":         `s.attribs->'bought' @> '480'`,
	"top_course_idle":     `s.attribs->'enrolled' @> '1' AND ` + flatIdle60,
	"province_not_bought": `s.attribs->>'province' IN ('广东', '江苏') AND NOT (s.attribs->'bought' @> '1' OR s.attribs->'bought' @> '2' OR s.attribs->'bought' @> '3')`,
	"tag_and_paid":        `s.attribs->'tags' @> '2' AND ` + flatPaid2,
	"viewed3_14":          `jsonb_array_length(jsonb_path_query_array(s.attribs, '$.activities[*] ? (@.t == "view" && @.at >= {.14d} && @.at <= {.now})')) >= 3`,
	"viewed20_not_bought": `s.attribs @? '$.activities[*] ? (@.o == 20 && @.at >= {.30d} && @.at <= {.now})' AND NOT s.attribs->'bought' @> '20'`,
	"spent_90": `(SELECT sum((o->>'net')::bigint) FROM jsonb_path_query(s.attribs,
		'$.orders[*] ? (@.cur == "CNY" && @.on >= {.90d} && @.on <= {.now})') o) >= 50000`,
	"largest":         `s.attribs @? '$.orders[*] ? (@.cur == "CNY" && @.net >= 95000)'`,
	"refunded_recent": `(s.attribs->>'refund_count')::int >= 1 AND (s.attribs->>'last_paid')::bigint BETWEEN {.180d} AND {.now}`,
	"progress":        `s.attribs @? '$.enrollments[*] ? (@.o == 10 && ` + flatCurrent + ` && @.p >= 50)'`,
	"stalled": `(SELECT max((e->>'t')::bigint) FROM jsonb_path_query(s.attribs,
		'$.enrollments[*] ? (@.cat[*] == "分类 3" && ` + flatCurrent + ` && !exists(@.done))') e) < {.30d}`,
	"withdrawn": `(SELECT max((e->>'exit')::bigint) FROM jsonb_path_query(s.attribs, '$.enrollments[*] ?
		(@.s == "exited" && (@.why == "self" || @.why == "removed" || @.why == "refund"))') e) BETWEEN {.90d} AND {.now}`,
	"rested":      flatLogin30 + ` AND NOT s.attribs @? '$.deliveries[*] ? (@.at >= {.7d} && @.at <= {.now})'`,
	"not_clicked": `s.attribs @? '$.deliveries[*] ? (@.c == 3 && !exists(@.hit))'`,
	"nested": `(s.attribs->>'last_login')::bigint BETWEEN {.90d} AND {.now} AND (s.attribs->'tags' @> '1' OR s.attribs->'tags' @> '4'
		OR ((s.attribs->>'registered')::bigint < {.year ago}
			AND jsonb_array_length(jsonb_path_query_array(s.attribs, '$.activities[*] ? (@.t == "view" && @.at >= {.14d} && @.at <= {.now})')) >= 2)
		OR s.attribs @? '$.enrollments[*] ? (@.cat[*] == "分类 5" && ` + flatCurrent + `)') AND NOT s.attribs->'bought' @> '5'`,
	"birthday7": `substr(s.attribs->>'birthday', 6) IN ({month-days})`,
	"name_and_days": `s.attribs->>'nickname' ILIKE '%99%' AND (SELECT count(DISTINCT (to_timestamp(a::bigint / 1000000) AT TIME ZONE '` + zone + `')::date)
		FROM jsonb_path_query(s.attribs, '$.activities[*].at ? (@ >= {.30d} && @ <= {.now})') a) >= 2`,
}
