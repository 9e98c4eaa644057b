package storage

import (
	"fmt"
	"strings"

	"github.com/coursecrm/coursecrm/funnel"
)

// lastSign is the last sign of intent of a pair: what makes a potential learner.
const lastSign = "greatest(p.viewed_at, p.intended_at, p.closed_at)"

// stageOf says where a pair stands: DOMAIN §3, the first that holds.
var stageOf = fmt.Sprintf(`CASE WHEN p.gone THEN '' WHEN p.place_until > g.now THEN 'enrolled' WHEN p.open_at IS NOT NULL THEN 'pending'
	WHEN p.left_at IS NOT NULL THEN 'withdrawn' WHEN %s >= g.now - interval '%d seconds' THEN 'potential' ELSE '' END`, lastSign, int(funnel.Window.Seconds()))

// derived are the columns that follow from the others, the stage and the time.
var derived = fmt.Sprintf(`NOT p.gone AND (p.place_until IS NULL OR p.place_until <= g.now) AND (p.ended_at IS NOT NULL OR p.place_until IS NOT NULL) AS past,
	CASE p.stage WHEN 'enrolled' THEN p.joined_at WHEN 'pending' THEN p.open_at WHEN 'withdrawn' THEN p.left_at WHEN 'potential' THEN %[1]s END AS at,
	CASE WHEN NOT p.gone THEN least(p.next_end, CASE WHEN p.stage = 'potential' THEN %[1]s + interval '%[2]d seconds 1 microsecond' END) END AS due_at,
	p.stage = 'enrolled' AND NOT coalesce(p.direct, true) AS via_classroom`, lastSign, int(funnel.Window.Seconds()))

// pairColumns are the columns of crm_pairs that are computed.
var pairColumns = append(append([]string{}, kept...), "gone", "stage", "past", "at", "due_at", "via_classroom")

// hollow is a pair of which nothing is left, as when an order went to somebody else.
const hollow = `n.viewed_at IS NULL AND n.intended_at IS NULL AND n.ordered_at IS NULL AND n.joined_at IS NULL AND n.warmth = 0 AND coalesce(n.old_set, '') = ''`

// pairsSQL is the statement that gathers pairs from sources, writes those that changed and notes
// by how much the figures of their offerings did. Its arguments are the time, the site's currency
// and its zone.
func pairsSQL(who, sources string) string {
	return `
WITH given AS MATERIALIZED (SELECT $1::timestamptz AS now, $2::text AS currency, $3::text AS zone), ` + who + `,
made AS MATERIALIZED (
	SELECT p.*, ` + derived + ` FROM given g, (
		SELECT p.*, ` + stageOf + ` AS stage FROM given g, (
			SELECT s.*, l.status = 'deleted' AS gone FROM (SELECT learner_id, offering_id, ` + gathered + ` FROM (` + sources + `) s GROUP BY learner_id, offering_id OFFSET 0) s,
				LATERAL (SELECT status FROM crm_learners l WHERE l.id = s.learner_id LIMIT 1) l
		) p OFFSET 0) p
), compared AS MATERIALIZED (
	SELECT n.*, o.learner_id IS NOT NULL AS known, o.set_level AS old_set, ` + prefixedAs("o", "old_", append([]string{"warmth", "order_warmth"}, countedColumns...)) + `
	FROM made n LEFT JOIN LATERAL (SELECT * FROM crm_pairs o WHERE o.learner_id = n.learner_id AND o.offering_id = n.offering_id LIMIT 1) o ON true
	WHERE o.learner_id IS NULL OR ROW (` + prefixed("n", pairColumns) + `) IS DISTINCT FROM ROW (` + prefixed("o", pairColumns) + `)
		OR ` + strings.ReplaceAll(hollow, "n.old_set", "o.set_level") + `
), gone AS (
	DELETE FROM crm_pairs p USING compared n WHERE n.known AND p.learner_id = n.learner_id AND p.offering_id = n.offering_id AND ` + hollow + `
), up AS (
	INSERT INTO crm_pairs (learner_id, offering_id, ` + join(pairColumns) + `)
	SELECT n.learner_id, n.offering_id, ` + prefixed("n", pairColumns) + ` FROM compared n WHERE NOT (` + hollow + `) ORDER BY n.learner_id, n.offering_id
	ON CONFLICT (learner_id, offering_id) DO UPDATE SET ` + assign(pairColumns) + `
), cooled AS (
	INSERT INTO crm_interest_due (learner_id, due_at)
	SELECT DISTINCT n.learner_id, g.now FROM compared n, given g WHERE n.warmth + n.order_warmth IS DISTINCT FROM n.old_warmth + n.old_order_warmth
	ORDER BY n.learner_id
	ON CONFLICT (learner_id) DO UPDATE SET due_at = EXCLUDED.due_at WHERE crm_interest_due.due_at > EXCLUDED.due_at
)` + figuresSQL
}

// prefixedAs renders "o.a AS old_a, …".
func prefixedAs(alias, prefix string, names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = alias + "." + n + " AS " + prefix + n
	}
	return strings.Join(out, ", ")
}

// countedColumns are the columns that figures are made of.
var countedColumns = []string{"stage", "past", "gone", "gross", "refunded", "open_amount", "refunding", "viewed_at", "intended_at", "ordered_at", "paid_at", "joined_at"}

// figuresSQL ends pairsSQL: what changed in all, and on which days people were seen, joined and paid
// last. A pair that is new was nothing before.
var figuresSQL = `
INSERT INTO crm_figure_changes (offering_id, day, potential, pending, enrolled, withdrawn, past, gross, refunded, open_amount, refunding, touched, joined, paid)
SELECT offering_id, day, sum(potential), sum(pending), sum(enrolled), sum(withdrawn), sum(past), sum(gross), sum(refunded), sum(open_amount), sum(refunding),
	sum(touched), sum(joined), sum(paid)
FROM (
	SELECT n.offering_id, '-infinity'::date AS day, ` + standing("potential") + `, ` + standing("pending") + `, ` + standing("enrolled") + `, ` + standing("withdrawn") + `,
		n.past::int - coalesce(n.old_past, false)::int AS past, n.gross - coalesce(n.old_gross, 0) AS gross, n.refunded - coalesce(n.old_refunded, 0) AS refunded,
		n.open_amount - coalesce(n.old_open_amount, 0) AS open_amount, n.refunding - coalesce(n.old_refunding, 0) AS refunding, 0 AS touched, 0 AS joined, 0 AS paid
	FROM compared n
	UNION ALL
	SELECT n.offering_id, v.day, 0, 0, 0, 0, 0, 0, 0, 0, 0, v.touched, v.joined, v.paid
	FROM compared n, given g, LATERAL (SELECT ` + onDay("n.", "touched") + ` AS touched, ` + onDay("n.", "joined") + ` AS joined, ` + onDay("n.", "paid") + ` AS paid,
		` + onDay("n.old_", "touched") + ` AS old_touched, ` + onDay("n.old_", "joined") + ` AS old_joined, ` + onDay("n.old_", "paid") + ` AS old_paid) d,
		LATERAL (VALUES (d.touched, 1, 0, 0), (d.old_touched, -1, 0, 0), (d.joined, 0, 1, 0), (d.old_joined, 0, -1, 0), (d.paid, 0, 0, 1), (d.old_paid, 0, 0, -1)) v (day, touched, joined, paid)
	WHERE v.day IS NOT NULL AND (d.touched, d.joined, d.paid) IS DISTINCT FROM (d.old_touched, d.old_joined, d.old_paid)
) c GROUP BY offering_id, day
HAVING (sum(potential), sum(pending), sum(enrolled), sum(withdrawn), sum(past), sum(gross), sum(refunded), sum(open_amount), sum(refunding), sum(touched), sum(joined), sum(paid))
	<> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`

func standing(stage string) string {
	return "(n.stage = '" + stage + "')::int - coalesce(n.old_stage = '" + stage + "', false)::int AS " + stage
}

// onDay is the day of the site's zone on which somebody was last seen, joined or paid. Deleted
// accounts are nobody.
func onDay(prefix, what string) string {
	at := map[string]string{
		"touched": "greatest(" + prefix + "viewed_at, " + prefix + "intended_at, " + prefix + "ordered_at, " + prefix + "paid_at)",
		"joined":  prefix + "joined_at", "paid": prefix + "paid_at"}[what]
	return "CASE WHEN NOT " + prefix + "gone THEN (" + at + " AT TIME ZONE g.zone)::date END"
}
