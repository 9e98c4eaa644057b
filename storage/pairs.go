package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
)

// Where learners stand with offerings follows from their activities, orders and enrollments. It is
// computed in the transaction that writes these, for the pairs that they touch; what time changes,
// the sweep finds by due_at. Whoever computes holds the learners' rows, so nobody else does.
//
// One statement computes pairs in three ways: all pairs of some learners from everything there is,
// some pairs from their orders and enrollments with what is kept of activities, and some pairs with
// activities added to what is kept.

// whole lists the learners all of whose pairs are to be computed.
var whole = stage[int64]{name: "crm_in_whole", columns: []column{{"learner_id", "bigint"}}}

// pairsTouched lists pairs whose orders or enrollments changed, by any offering, also a copy; bought
// and placed say which of the two.
var pairsTouched = stage[int64]{name: "crm_in_pairs", columns: []column{{"learner_id", "bigint"}, {"offering_id", "integer"}, {"bought", "boolean"}, {"placed", "boolean"}}}

// acted lists what activities added, for each pair together.
var acted = stage[deed]{
	name: "crm_in_deeds",
	columns: []column{{"learner_id", "bigint"}, {"offering_id", "integer"}, {"viewed_at", "timestamptz"}, {"intended_at", "timestamptz"},
		{"heat", "double precision"}, {"warmth", "double precision"}},
}

// deed is what activities of one batch add to a pair.
type deed struct {
	learner          int64
	offering         int32 // canonical
	viewed, intended time.Time
	heat, warmth     float64
}

// The columns of a pair that do not follow from its others and the time, by where they come from.
// left_at comes from orders and from enrollments.
var (
	keptActs   = []string{"viewed_at", "intended_at", "heat", "warmth"}
	keptOrders = []string{"ordered_at", "closed_at", "open_at", "paid_at", "order_heat", "order_warmth", "gross", "refunded", "open_amount", "refunding"}
	keptPlaces = []string{"joined_at", "learned_at", "place_until", "ended_at"}
	kept       = slices.Concat(keptActs, keptOrders, keptPlaces, []string{"left_at"})
)

// gathered says how the rows of several sources become a pair.
const gathered = `max(viewed_at) AS viewed_at, max(intended_at) AS intended_at, sum(heat) AS heat, sum(warmth) AS warmth,
	max(ordered_at) AS ordered_at, max(closed_at) AS closed_at, min(open_at) AS open_at, max(paid_at) AS paid_at,
	sum(order_heat) AS order_heat, sum(order_warmth) AS order_warmth, sum(gross)::bigint AS gross, sum(refunded)::bigint AS refunded,
	sum(open_amount)::bigint AS open_amount, sum(refunding)::bigint AS refunding, max(joined_at) AS joined_at, max(learned_at) AS learned_at,
	max(place_until) AS place_until, max(ended_at) AS ended_at, max(left_at) AS left_at, bool_or(direct) AS direct, min(next_end) AS next_end`

// sourceColumns are the columns of a source, empty: each source names those it has.
const sourceColumns = `NULL::timestamptz AS viewed_at, NULL::timestamptz AS intended_at, 0::float8 AS heat, 0::float8 AS warmth,
	NULL::timestamptz AS ordered_at, NULL::timestamptz AS closed_at, NULL::timestamptz AS open_at, NULL::timestamptz AS paid_at,
	0::float8 AS order_heat, 0::float8 AS order_warmth, 0::numeric AS gross, 0::numeric AS refunded, 0::numeric AS open_amount, 0::numeric AS refunding,
	NULL::timestamptz AS joined_at, NULL::timestamptz AS learned_at, NULL::timestamptz AS place_until, NULL::timestamptz AS ended_at,
	NULL::timestamptz AS left_at, NULL::boolean AS direct, NULL::timestamptz AS next_end`

// source fills some columns of an empty source.
func source(filled map[string]string) string {
	out := sourceColumns
	for name, expr := range filled {
		at := strings.Index(out, " AS "+name+",")
		if at < 0 {
			at = strings.Index(out, " AS "+name) // the last one
		}
		from := strings.LastIndexAny(out[:at], ",\n\t") + 1
		out = out[:from] + " " + expr + out[at:]
	}
	return out
}

// heat is the SQL of funnel.Heat for a weight of 1.
func heat(at string) string {
	return fmt.Sprintf("power(2::float8, greatest(-1000, least(1000, (extract(epoch FROM %s)::float8 - %d) / %d)))",
		at, funnel.Epoch.Unix(), int(funnel.HalfLife.Seconds()))
}

// ofActivities sums learners' activities. The offerings are joined to all of them at once: the planner
// knows nothing of who, and would read every offering for each learner.
func ofActivities() string {
	weight := `CASE a.type WHEN 'view' THEN 1 WHEN 'coupon' THEN 2 WHEN 'trial' THEN 3 WHEN 'favorite' THEN 3 WHEN 'question' THEN 4 ELSE 0 END`
	return `SELECT a.learner_id, f.canonical_id AS offering_id, ` + source(map[string]string{
		"viewed_at":   "CASE WHEN a.type = 'view' THEN a.occurred_at END",
		"intended_at": "CASE WHEN a.type IN ('coupon', 'trial', 'favorite', 'question') THEN a.occurred_at END",
		"heat":        weight + " * " + heat("a.occurred_at"),
		"warmth":      "CASE WHEN a.type = 'learn' THEN 1 ELSE " + weight + " END * " + heat("a.occurred_at"),
	}) + ` FROM (SELECT a.* FROM {who} b, LATERAL (SELECT * FROM crm_activities a WHERE a.learner_id = b.learner_id AND a.offering_id IS NOT NULL
			AND a.type IN ('view', 'coupon', 'trial', 'favorite', 'question', 'learn') OFFSET 0) a OFFSET 0) a
		JOIN crm_offerings f ON f.id = a.offering_id`
}

const paidStates = "('paid', 'fulfilled', 'finished', 'refunding', 'refunded')"

// share is the part of an order's sum that an item has: whole units, and all parts are the sum.
func share(sum string) string {
	return "CASE WHEN i.items = 1 THEN " + sum + " ELSE div(" + sum + "::numeric * i.upto, i.whole) - div(" + sum + "::numeric * (i.upto - i.part), i.whole) END"
}

// ofOrders sums learners' orders; {wanted} is the canonical offering whose items count, or null.
func ofOrders() string {
	placed, closed, paid := fmt.Sprintf("%g * ", funnel.WeightOrder)+heat("o.created_at"),
		fmt.Sprintf("%g * ", funnel.WeightClosed)+heat("coalesce(o.closed_at, o.created_at)"), fmt.Sprintf("%g * ", funnel.WeightPaid)+heat("o.paid_on")
	heated := placed + " + CASE WHEN o.status = 'closed' THEN " + closed + " ELSE 0 END"
	return `SELECT b.learner_id, i.offering_id, ` + source(map[string]string{
		"ordered_at":   "o.created_at",
		"closed_at":    "CASE WHEN o.status = 'closed' THEN coalesce(o.closed_at, o.created_at) END",
		"open_at":      "CASE WHEN o.status = 'pending' THEN o.created_at END",
		"paid_at":      "CASE WHEN o.paid_amount > 0 THEN o.paid_on END",
		"order_heat":   heated,
		"order_warmth": heated + " + CASE WHEN o.paid_amount > 0 AND o.paid_on IS NOT NULL THEN " + paid + " ELSE 0 END",
		"gross":        "CASE WHEN o.ours AND o.money THEN i.paid ELSE 0 END",
		"refunded":     "CASE WHEN o.ours AND o.money THEN i.refunded ELSE 0 END",
		"open_amount":  "CASE WHEN o.ours AND o.status = 'pending' THEN i.payable ELSE 0 END",
		"refunding": `CASE WHEN o.ours AND o.money AND (o.status = 'refunding' OR (SELECT true FROM crm_refunds r WHERE r.order_id = o.id AND r.status = 'requested' LIMIT 1))
			THEN i.paid - i.refunded ELSE 0 END`,
		"left_at": `CASE WHEN o.status = 'refunded' THEN coalesce((SELECT max(coalesce(r.handled_at, r.requested_at)) FROM crm_refunds r WHERE r.order_id = o.id),
			o.paid_on, o.created_at) END`,
	}) + ` FROM {who} b, LATERAL (SELECT *, o.currency = (SELECT currency FROM given) AS ours, o.status IN ` + paidStates + ` AS money
			FROM crm_orders o WHERE o.learner_id = b.learner_id AND o.status <> 'deleted' AND {orders} OFFSET 0) o,
		LATERAL (SELECT f.canonical_id AS offering_id, sum(` + share("o.paid_amount") + `) AS paid, sum(` + share("o.refunded") + `) AS refunded,
				sum(` + share("o.payable_amount") + `) AS payable
			FROM (SELECT i.offering_id, i.part, sum(i.part) OVER (ORDER BY i.pos) AS upto, sum(i.part) OVER () AS whole, count(*) OVER () AS items
				FROM (SELECT i.offering_id, i.pos, CASE WHEN sum(i.amount) OVER () = 0 THEN 1 ELSE i.amount END::numeric AS part
					FROM crm_order_items i WHERE i.order_id = o.id OFFSET 0) i) i
			JOIN crm_offerings f ON f.id = i.offering_id WHERE {wanted} IS NULL OR f.canonical_id = {wanted} GROUP BY f.canonical_id) i`
}

// ofEnrollments sums learners' places as a student, of all offerings; with named, of the offering of
// each of who, whose members and itself are listed there.
func ofEnrollments(named bool) string {
	offering, who, places, join := "f.canonical_id", "", "", " JOIN crm_offerings f ON f.id = e.offering_id"
	if named {
		offering, who, places, join = "e.named", ", b.offering_id AS named", " AND e.offering_id = b.member", ""
	}
	return `SELECT e.learner_id, ` + offering + ` AS offering_id, ` + source(map[string]string{
		"joined_at":   "e.joined_at",
		"learned_at":  "e.last_learn_at",
		"place_until": "CASE WHEN e.status = 'active' THEN coalesce(e.expires_at, 'infinity') END",
		"ended_at":    "CASE WHEN e.status = 'expired' OR e.status = 'active' AND NOT e.current OR e.status = 'exited' AND e.exit_reason = 'expired' THEN coalesce(e.expires_at, e.exited_at, e.joined_at) END",
		"left_at":     "CASE WHEN e.status = 'exited' AND e.exit_reason IN ('self', 'removed', 'refund', '') THEN coalesce(e.exited_at, e.last_learn_at, e.joined_at) END",
		"direct":      "CASE WHEN e.current THEN e.via_classroom_id = '' END",
		"next_end":    "CASE WHEN e.current THEN e.expires_at END",
	}) + ` FROM (SELECT e.*` + who + ` FROM {who} b, LATERAL (SELECT *, e.status = 'active' AND (e.expires_at IS NULL OR e.expires_at > (SELECT now FROM given)) AS current
			FROM crm_enrollments e WHERE e.learner_id = b.learner_id AND e.role = 'student'` + places + ` OFFSET 0) e OFFSET 0) e` + join
}

// ofKept gives what is kept of pairs {who}, of which p is the row: some columns, or all of them.
func ofKept(columns ...string) string {
	filled := map[string]string{}
	for _, c := range columns {
		filled[c] = "(b.p)." + c
		if strings.Contains(sourceColumns, "0::float8 AS "+c) || strings.Contains(sourceColumns, "0::numeric AS "+c) {
			filled[c] = "coalesce((b.p)." + c + ", 0)"
		}
	}
	if slices.Contains(columns, "place_until") { // no place is read again
		filled["direct"], filled["next_end"] = "CASE WHEN (b.p).stage = 'enrolled' THEN NOT (b.p).via_classroom END", "(b.p).due_at"
	}
	return "SELECT b.learner_id, b.offering_id, " + source(filled) + " FROM {who} b"
}

// prior joins to pairs w their rows, as p.
const prior = `LEFT JOIN LATERAL (SELECT p FROM crm_pairs p WHERE p.learner_id = w.learner_id AND p.offering_id = w.offering_id LIMIT 1) p ON true`

const anyOffering = "NULL::integer"

// sourcesOf joins sources; wanted is the canonical offering that is meant of each of who, or null.
func sourcesOf(wanted string, sources ...string) string {
	orders := "TRUE"
	if wanted != anyOffering { // spares looking at the lines of all other orders
		// Most orders are for one offering, which has no copies: comparing two arrays takes ten times as long.
		orders = "CASE WHEN cardinality(o.offering_ids) = 1 AND cardinality(b.family) = 1 THEN o.offering_ids[1] = b.family[1] ELSE o.offering_ids && b.family END"
	}
	return strings.NewReplacer("{who}", "who", "{wanted}", wanted, "{orders}", orders).Replace(strings.Join(sources, "\nUNION ALL\n"))
}

var (
	// wholeSQL computes every pair of the learners in crm_in_whole.
	wholeSQL = pairsSQL("who AS MATERIALIZED (SELECT DISTINCT learner_id FROM crm_in_whole)",
		sourcesOf(anyOffering, ofActivities(), ofOrders(), ofEnrollments(false),
			"SELECT p.learner_id, p.offering_id, "+sourceColumns+" FROM {who} b, LATERAL (SELECT * FROM crm_pairs p WHERE p.learner_id = b.learner_id OFFSET 0) p"))
	// touchedSQL computes the pairs in crm_in_pairs from what changed, their orders or their enrollments,
	// and from what is kept of the rest. Who left may have left by either: then both are read.
	touchedSQL = pairsSQL(`wanted AS MATERIALIZED (SELECT p.learner_id, f.canonical_id AS offering_id, bool_or(p.bought) AS bought, bool_or(p.placed) AS placed
			FROM crm_in_pairs p, LATERAL (SELECT canonical_id FROM crm_offerings f WHERE f.id = p.offering_id LIMIT 1) f
			WHERE NOT EXISTS (SELECT FROM crm_in_whole w WHERE w.learner_id = p.learner_id) GROUP BY 1, 2),
		families AS MATERIALIZED (SELECT w.offering_id, f.family FROM (SELECT DISTINCT offering_id FROM wanted) w,
			LATERAL (SELECT array_agg(id) AS family FROM crm_offerings f WHERE f.canonical_id = w.offering_id) f),
		who AS MATERIALIZED (SELECT w.learner_id, w.offering_id, f.family, p.p, bought OR (p.p).learner_id IS NULL OR (p.p).left_at IS NOT NULL AS orders,
				placed OR (p.p).learner_id IS NULL OR (p.p).left_at IS NOT NULL AS places
			FROM wanted w JOIN families f USING (offering_id) `+prior+`)`,
		sourcesOf("b.offering_id", of("orders", ofOrders()), strings.ReplaceAll(ofEnrollments(true), "{who}", "(SELECT w.*, member FROM who w, unnest(w.family) member WHERE places)"), ofKept(keptActs...), of("NOT orders", ofKept(keptOrders...)), of("NOT places", ofKept(keptPlaces...))))
	// actedSQL adds the activities in crm_in_deeds to their pairs.
	actedSQL = pairsSQL(`who AS MATERIALIZED (SELECT w.*, p.p FROM (SELECT * FROM crm_in_deeds d WHERE NOT EXISTS (SELECT FROM crm_in_whole w WHERE w.learner_id = d.learner_id) OFFSET 0) w `+prior+`)`,
		sourcesOf("b.offering_id", ofKept(kept...), `SELECT b.learner_id, b.offering_id, `+source(map[string]string{
			"viewed_at": "b.viewed_at", "intended_at": "b.intended_at", "heat": "b.heat", "warmth": "b.warmth"})+` FROM {who} b`))
)

// of narrows a source to some of who.
func of(which, source string) string {
	return strings.ReplaceAll(source, "{who}", "(SELECT * FROM who WHERE "+which+")")
}

// refreshPairs computes what the transaction's lists name. The learners are locked by the caller.
func refreshPairs(ctx context.Context, t *tx, currency string, zone *time.Location, now time.Time, queries ...string) error {
	for _, query := range queries {
		if _, err := t.run(ctx, query, now, currency, zoneName(zone)); err != nil {
			return fmt.Errorf("compute pairs: %w", err)
		}
	}
	return nil
}

// zoneName is the name PostgreSQL knows a zone by.
func zoneName(zone *time.Location) string {
	if zone == nil {
		return "UTC"
	}
	return zone.String()
}
