package storage

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// orders are the columns of the sorts; a time may be missing and comes last then.
var orders = map[segment.Sort]struct {
	column string
	isTime bool
	key    func(*placeKey, segment.Person)
}{
	segment.SortLogin:      {"l.last_login_at", true, func(k *placeKey, p segment.Person) { k.Time = p.LastLoginAt }},
	segment.SortRegistered: {"l.registered_at", true, func(k *placeKey, p segment.Person) { k.Time = p.RegisteredAt }},
	segment.SortPaid:       {"l.last_paid_at", true, func(k *placeKey, p segment.Person) { k.Time = p.LastPaidAt }},
	segment.SortLearned:    {"l.last_learn_at", true, func(k *placeKey, p segment.Person) { k.Time = p.LastLearnAt }},
	segment.SortSpend:      {"l.paid_total", false, func(k *placeKey, p segment.Person) { k.Number = p.PaidTotal }},
	segment.SortOrders:     {"l.paid_order_count", false, func(k *placeKey, p segment.Person) { k.Number = int64(p.PaidCount) }},
}

// listing is a page of people on its way. Pages follow (column, id) downwards; the cursor holds
// the last row's place, so a page costs the same however far it is from the first.
type listing struct {
	segment.Ask
	column string
	ranges []place // of the column, downwards
	rows   []segment.Person
}

func newListing(a segment.Ask) (*listing, error) {
	l := &listing{Ask: a, ranges: []place{{"TRUE", nil}}}
	if a.Limit == 0 {
		return l, nil
	}
	by, ok := orders[a.Sort]
	if !ok {
		return l, fmt.Errorf("%w: sort", fault.ErrInvalid)
	}
	l.column = by.column
	switch {
	case a.After != "":
		var k placeKey
		if err := decodeCursor(a.After, &k); err != nil || k.Sort != string(a.Sort) {
			return l, fmt.Errorf("%w: cursor", fault.ErrInvalid)
		}
		l.ranges = k.after(by.column, by.isTime)
	case len(a.Ranges) > 0:
		l.ranges = nil
		for _, r := range a.Ranges {
			l.ranges = append(l.ranges, place{r.SQL, predicateArgs(r)})
		}
	}
	return l, nil
}

// order is the list's order, of rows that carry the sort's column and the id.
func order(column, id string) string {
	return " ORDER BY " + column + " DESC NULLS LAST, " + id + " DESC"
}

// describe gives what a list shows of the people of p, who stand there as (id, k). They are picked
// before they are described, fifty of them and not a million.
const describe = personColumns + contactColumns + " FROM p JOIN crm_learners l ON l.id = p.id" + contactJoin

// questions asks for the page, or for nothing when none is wanted. One range is asked after the
// other, the next only when those before did not fill the page.
func (l *listing) questions(whole segment.Predicate) []question {
	if l.Limit == 0 {
		return nil
	}
	query, before, union := "WITH ", "", ""
	var args []any
	for i, r := range l.ranges {
		name := fmt.Sprintf("r%d", i)
		query += name + " AS MATERIALIZED (SELECT l.id, " + l.column + " AS k FROM crm_learners l WHERE " + people + " AND " + whole.SQL + " AND " + r.sql + before +
			order(l.column, "l.id") + " LIMIT ?), "
		args = append(append(append(args, predicateArgs(whole)...), r.args...), l.Limit+1)
		before += fmt.Sprintf(" AND (SELECT count(*) FROM %s) <= %d", name, l.Limit)
		union += " UNION ALL TABLE " + name
	}
	query += "p AS (" + strings.TrimPrefix(union, " UNION ALL ") + order("k", "id") + " LIMIT ?) SELECT " + describe + order("p.k", "p.id")
	return []question{newQuestion(query, append(args, l.Limit+1), l.add)}
}

func (l *listing) add(rows pgx.Rows) error {
	p, err := scanPerson(rows)
	l.rows = append(l.rows, p)
	return err
}

// picked asks for the page like questions, of a rule that few people meet: all of them are found first,
// by whatever index finds them. Left to itself the planner walks down the order's index, hoping to
// meet fifty of them soon, through most of a million people.
func (l *listing) picked() []question {
	behind, args := make([]string, len(l.ranges)), predicateArgs(l.Whole)
	for i, r := range l.ranges {
		behind[i] = "(" + r.sql + ")"
		args = append(args, r.args...)
	}
	return []question{newQuestion("WITH m AS MATERIALIZED (SELECT l.id, "+l.column+" FROM crm_learners l WHERE "+people+" AND "+l.Whole.SQL+"), "+
		"p AS (SELECT l.id, "+l.column+" AS k FROM m l WHERE ("+strings.Join(behind, " OR ")+")"+order(l.column, "l.id")+" LIMIT ?) SELECT "+
		describe+order("p.k", "p.id"), append(args, l.Limit+1), l.add)}
}

// onePass finds the people of a first page's rule once, for the page and for their number. A
// page without rows says that there are none.
func (l *listing) onePass(c *segment.Counts) question {
	reach, counts, into := "", "(SELECT count(*) FROM m)", []any{&c.Matched}
	if l.Reach {
		reach = ", " + reachEmail + " AS email, " + reachSMS + " AS sms, " + reachMessage + " AS message"
		counts += ", (SELECT count(*) FROM m WHERE email), (SELECT count(*) FROM m WHERE sms), (SELECT count(*) FROM m WHERE message)"
		into = append(into, &c.Email, &c.SMS, &c.Message)
	}
	query := "WITH m AS MATERIALIZED (SELECT l.id, " + l.column + " AS k" + reach + " FROM crm_learners l WHERE " + people + " AND " + l.Whole.SQL + "), " +
		"p AS (SELECT id, k FROM m" + order("k", "id") + " LIMIT ?) SELECT " + counts + ", " + describe + order("p.k", "p.id")
	return newQuestion(query, append(predicateArgs(l.Whole), l.Limit+1), func(rows pgx.Rows) error {
		p, err := scanPerson(rows, into...)
		l.rows = append(l.rows, p)
		return err
	})
}

// page cuts the page off; the row behind it only tells that there is another.
func (l *listing) page() segment.Page {
	if len(l.rows) <= l.Limit {
		return segment.Page{People: l.rows}
	}
	last := l.rows[l.Limit-1]
	key := placeKey{Sort: string(l.Sort), ID: int64(last.ID)}
	orders[l.Sort].key(&key, last)
	return segment.Page{People: l.rows[:l.Limit], Next: encodeCursor(key)}
}
