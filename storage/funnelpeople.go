package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// pairKey is a place in a stage: since when, then who.
type pairKey struct {
	At time.Time `json:"t,omitzero"` // zero: not known, which comes last
	ID int64     `json:"i"`
}

// People implements funnel.Store: one round trip. The page is a range of the index of the stage; what
// is shown of its people is read by their keys, one person more than is shown among them.
func (s *Funnels) People(ctx context.Context, l funnel.List, where segment.Predicate, now time.Time) (funnel.People, error) {
	var out funnel.People
	var key pairKey
	if l.After != "" {
		if err := decodeCursor(l.After, &key); err != nil {
			return out, err
		}
	}
	q := pairList(l, where)
	page := q
	if l.After != "" {
		page = page.after(key)
	}
	index := map[int64]int{}
	questions := []question{newQuestion(page.page(l.Limit+1, now), page.args, func(r pgx.Rows) error {
		p, err := scanPair(r, now)
		index[int64(p.ID)] = len(out.Pairs)
		out.Pairs = append(out.Pairs, p)
		return err
	}), newQuestion("SELECT count(*)"+q.from(), q.args, scanOne(&out.Total)), page.details(l, now, func(who int64) *funnel.Pair {
		if i, ok := index[who]; ok {
			return &out.Pairs[i]
		}
		return &funnel.Pair{} // came between the two statements, and is not on the page
	})}
	if err := s.ask(ctx, audienceTimeout, questions...); err != nil {
		return out, err
	}
	if len(out.Pairs) > l.Limit {
		out.Pairs = out.Pairs[:l.Limit]
		last := out.Pairs[l.Limit-1]
		out.Next = encodeCursor(pairKey{At: last.At, ID: int64(last.ID)})
	}
	return out, nil
}

// pairQuery is a list of pairs being written. Its arguments are numbered.
type pairQuery struct {
	conditions []string
	args       []any
	order      string // the column of the time by which it is ordered
	people     bool   // columns of l are asked
}

func pairList(l funnel.List, where segment.Predicate) pairQuery {
	q := pairQuery{args: []any{int64(l.Offering)}, conditions: []string{"p.offering_id = ?0"}, order: "p.at"}
	if l.Past {
		q.conditions, q.order = append(q.conditions, "p.past"), "p.ended_at"
	} else {
		q.args = append(q.args, string(l.Stage))
		q.conditions = append(q.conditions, "p.stage = ?1")
	}
	if where.SQL != "" {
		q.people = true
		q.conditions = append(q.conditions, q.numbered(where.SQL, predicateArgs(where)))
	}
	return q
}

// numbered adds a condition's arguments and gives it with numbers for its question marks.
func (q *pairQuery) numbered(condition string, args []any) string {
	var b strings.Builder
	n := len(q.args)
	for _, c := range condition {
		if c == '?' {
			b.WriteString("?" + strconv.Itoa(n))
			n++
			continue
		}
		b.WriteRune(c)
	}
	q.args = append(q.args, args...)
	return b.String()
}

func (q pairQuery) from() string {
	join := ""
	if q.people {
		join = " JOIN crm_learners l ON l.id = p.learner_id"
	}
	return " FROM crm_pairs p" + join + " WHERE " + strings.Join(q.conditions, " AND ")
}

// after leaves what comes behind a place.
func (q pairQuery) after(k pairKey) pairQuery {
	if k.At.IsZero() {
		q.conditions = append(q.conditions[:len(q.conditions):len(q.conditions)], q.order+" IS NULL AND "+q.numbered("p.learner_id < ?", []any{k.ID}))
		return q
	}
	q.conditions = append(q.conditions[:len(q.conditions):len(q.conditions)],
		q.numbered("("+q.order+" IS NULL OR "+q.order+" <= ? AND ("+q.order+", p.learner_id) < (?, ?))", []any{k.At, k.At, k.ID}))
	return q
}

// rows gives columns of the first pairs. A time that is missing comes first in a falling index and last
// on the screen; there is none but where something is amiss.
func (q *pairQuery) rows(columns string, limit int) string {
	end := " LIMIT " + strconv.Itoa(limit)
	known := "SELECT " + columns + q.from() + " AND " + q.order + " IS NOT NULL ORDER BY " + q.order + " DESC, p.learner_id DESC" + end
	rest := "SELECT " + columns + q.from() + " AND " + q.order + " IS NULL ORDER BY p.learner_id DESC" + end
	return "SELECT * FROM ((" + known + ") UNION ALL (" + rest + ")) p" + end
}

// page asks for the first pairs with their people.
func (q *pairQuery) page(limit int, now time.Time) string {
	high, medium := funnel.HeatOf(funnel.High, now), funnel.HeatOf(funnel.Medium, now)
	return fmt.Sprintf(`SELECT p.stage, p.past, %s, p.set_level <> '', p.heat + p.order_heat, %s, `, pairLevel(fmt.Sprint(high), fmt.Sprint(medium)), q.order) +
		personColumns + contactColumns + " FROM (" + q.rows("p.*", limit) + ") p JOIN crm_learners l ON l.id = p.learner_id" + contactJoin +
		" ORDER BY " + q.order + " DESC NULLS LAST, p.learner_id DESC"
}

func scanPair(r pgx.Rows, now time.Time) (funnel.Pair, error) {
	var p funnel.Pair
	var heat float64
	var at sql.NullTime
	person, err := scanPerson(r, &p.Stage, &p.Past, &p.Level, &p.SetLevel, &heat, &at)
	p.Person, p.Score, p.At = person, funnel.Score(heat, now), orZero(at)
	return p, err
}

// details asks for what a stage shows of the people of a page. In the statements {who} is the page's
// people and {now} the moment; ?0 is the offering.
func (q pairQuery) details(l funnel.List, now time.Time, of func(who int64) *funnel.Pair) question {
	sql, read := behavioursOf(of)
	switch {
	case l.Past || l.Stage == funnel.Enrolled:
		sql, read = placesOf(of)
	case l.Stage == funnel.Pending:
		sql, read = openOrdersOf(of)
	case l.Stage == funnel.Withdrawn:
		sql, read = exitsOf(of)
	}
	who := "(" + q.rows("p.learner_id", l.Limit+1) + ") who (id)"
	args := append(q.args[:len(q.args):len(q.args)], now)
	return newQuestion(strings.NewReplacer("{who}", who, "{now}", "?"+strconv.Itoa(len(args)-1)).Replace(sql), args, read)
}

func behavioursOf(of func(int64) *funnel.Pair) (string, func(pgx.Rows) error) {
	return `SELECT a.learner_id, a.type, count(*), max(a.occurred_at)
		FROM {who}, LATERAL (SELECT * FROM crm_activities a WHERE a.learner_id = who.id AND a.occurred_at >= {now}::timestamptz - interval '` + strconv.Itoa(int(funnel.Window.Seconds())) + ` seconds' OFFSET 0) a
		WHERE a.offering_id = ANY (` + family + `) AND a.type IN (` + intentTypes + `) GROUP BY 1, 2
		ORDER BY 1, CASE a.type WHEN 'question' THEN 0 WHEN 'trial' THEN 1 WHEN 'favorite' THEN 2 WHEN 'coupon' THEN 3 ELSE 4 END`,
		func(r pgx.Rows) error {
			var who int64
			var b funnel.Behaviour
			err := r.Scan(&who, &b.Type, &b.Times, &b.Last)
			b.Last = b.Last.UTC()
			of(who).Behaviours = append(of(who).Behaviours, b)
			return err
		}
}

func openOrdersOf(of func(int64) *funnel.Pair) (string, func(pgx.Rows) error) {
	return `SELECT o.learner_id, o.sn, i.amount, o.currency, o.created_at, o.close_deadline
		FROM {who}, LATERAL (SELECT * FROM crm_orders o WHERE o.learner_id = who.id AND o.status = 'pending' OFFSET 0) o,
			LATERAL (SELECT CASE WHEN bool_and(i.offering_id = ANY (` + family + `)) THEN o.payable_amount ELSE sum(i.amount) FILTER (WHERE i.offering_id = ANY (` + family + `)) END::bigint AS amount
				FROM crm_order_items i WHERE i.order_id = o.id HAVING bool_or(i.offering_id = ANY (` + family + `))) i
		ORDER BY o.created_at, o.id`, func(r pgx.Rows) error {
			var who int64
			var o funnel.OpenOrder
			var closes sql.NullTime
			err := r.Scan(&who, &o.SN, &o.Amount, &o.Currency, &o.PlacedAt, &closes)
			o.PlacedAt, o.ClosesAt = o.PlacedAt.UTC(), orZero(closes)
			of(who).Orders = append(of(who).Orders, o)
			return err
		}
}

// placesOf reads the place that matters: the current one, or the last to end.
func placesOf(of func(int64) *funnel.Pair) (string, func(pgx.Rows) error) {
	return `SELECT e.learner_id, e.required_done, e.required_units, e.joined_at, e.last_learn_at, e.completed_at, e.expires_at, e.via_classroom_id <> ''
		FROM {who}, LATERAL (SELECT e.*, f.required_units FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id
			WHERE e.learner_id = who.id AND e.role = 'student' AND f.canonical_id = ?0
			ORDER BY (e.status = 'active' AND (e.expires_at IS NULL OR e.expires_at > {now})) DESC, e.expires_at DESC NULLS FIRST, e.joined_at DESC, e.id DESC LIMIT 1) e`,
		func(r pgx.Rows) error {
			var who int64
			var p funnel.Place
			var learned, completed, expires sql.NullTime
			err := r.Scan(&who, &p.Done, &p.Units, &p.JoinedAt, &learned, &completed, &expires, &p.ViaClassroom)
			p.JoinedAt, p.LastLearnAt, p.CompletedAt, p.ExpiresAt = p.JoinedAt.UTC(), orZero(learned), orZero(completed), orZero(expires)
			of(who).Place = p
			return err
		}
}

// lastExit is how learner who.id left offering ?0: the last place left, and the last refund, each
// with its words.
const lastExit = `LATERAL (SELECT p.left_at, p.refunded, coalesce(e.exit_reason, CASE WHEN o.id IS NOT NULL THEN 'refund' ELSE '' END) AS reason,
		coalesce(nullif(o.words, ''), e.exit_note, '') AS words, e.required_done, e.required_units, e.joined_at, coalesce(c.category, '') AS category
	FROM crm_pairs p
	LEFT JOIN LATERAL (SELECT e.*, f.required_units FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id
		WHERE e.learner_id = p.learner_id AND e.role = 'student' AND f.canonical_id = ?0 AND e.status = 'exited' AND e.exit_reason IN ('self', 'removed', 'refund', '')
		ORDER BY e.exited_at DESC NULLS LAST, e.id DESC LIMIT 1) e ON true
	LEFT JOIN LATERAL (SELECT o.id, (SELECT r.reason FROM crm_refunds r WHERE r.order_id = o.id AND r.reason <> '' ORDER BY r.pos DESC LIMIT 1) AS words
		FROM crm_orders o WHERE o.learner_id = p.learner_id AND o.status = 'refunded' AND o.offering_ids && ` + family + `
		ORDER BY o.created_at DESC, o.id DESC LIMIT 1) o ON true
	LEFT JOIN crm_exit_reasons c ON c.learner_id = p.learner_id AND c.offering_id = p.offering_id
	WHERE p.learner_id = who.id AND p.offering_id = ?0) x`

func exitsOf(of func(int64) *funnel.Pair) (string, func(pgx.Rows) error) {
	return `SELECT who.id, x.* FROM {who}, ` + lastExit, func(r pgx.Rows) error {
		var who int64
		var x funnel.Exit
		var left, joined sql.NullTime
		var done, units sql.NullInt32
		var reason string
		err := r.Scan(&who, &left, &x.Refunded, &reason, &x.Words, &done, &units, &joined, &x.Category)
		x.At, x.JoinedAt, x.Reason, x.Done, x.Units = orZero(left), orZero(joined), h.ExitReason(reason), int(done.Int32), int(units.Int32)
		of(who).Exit = x
		return err
	}
}
