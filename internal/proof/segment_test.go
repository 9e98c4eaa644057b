package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// someone is a learner as the second implementation sees them; nil is a missing value.
type someone struct {
	id                          int64
	status, level               string
	login, registered, lastPaid *time.Time
	paidCount, paidTotal        int64
	tags, bought, enrolled      []int64
}

var midday = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// moment draws a time near the edges that rules ask about, or none.
func moment(t *rapid.T, name string) *time.Time {
	if rapid.IntRange(0, 4).Draw(t, name+" missing") == 0 {
		return nil
	}
	at := midday.Add(-time.Duration(rapid.IntRange(0, 10).Draw(t, name+" days")) * 24 * time.Hour).
		Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, name+" second")) * time.Second)
	return &at
}

func ids(t *rapid.T, name string) []int64 {
	list := rapid.SliceOfNDistinct(rapid.Int64Range(1, 4), 0, 3, rapid.ID).Draw(t, name)
	slices.Sort(list)
	return list
}

func drawSomeone(t *rapid.T) someone {
	return someone{
		status: rapid.SampledFrom([]string{"active", "locked"}).Draw(t, "status"), level: rapid.SampledFrom([]string{"", "gold", "silver"}).Draw(t, "level"),
		login: moment(t, "login"), registered: moment(t, "registered"), lastPaid: moment(t, "paid"),
		paidCount: rapid.Int64Range(0, 3).Draw(t, "count"), paidTotal: rapid.Int64Range(0, 3).Draw(t, "total"),
		tags: ids(t, "tags"), bought: ids(t, "bought"), enrolled: ids(t, "enrolled"),
	}
}

// drawRule draws a tree of at most depth groups over the whole catalogue.
func drawRule(t *rapid.T, depth int) segment.Rule {
	if depth > 0 && rapid.Bool().Draw(t, "group") {
		var members []segment.Rule
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			members = append(members, drawRule(t, depth-1))
		}
		return segment.Group(rapid.SampledFrom([]string{"all", "any", "none"}).Draw(t, "word"), members...)
	}
	f := rapid.SampledFrom(segment.DefaultCatalog().Fields()).Draw(t, "field")
	op := rapid.SampledFrom(f.Ops()).Draw(t, "op")
	var value any
	var unit segment.Unit
	switch {
	case op == segment.OpEmpty || op == segment.OpNotEmpty:
	case op == segment.OpInLast || op == segment.OpOlder:
		value, unit = rapid.IntRange(1, 8).Draw(t, "n"), rapid.SampledFrom([]segment.Unit{segment.Hour, segment.Day, segment.Week}).Draw(t, "unit")
	case f.Type == segment.Time && op == segment.OpBetween:
		from := rapid.IntRange(0, 8).Draw(t, "from")
		value = []string{day(from + rapid.IntRange(0, 3).Draw(t, "span")), day(from)}
	case f.Type == segment.Time:
		value = day(rapid.IntRange(0, 9).Draw(t, "day"))
	case (f.Type == segment.Number || f.Type == segment.Money) && op == segment.OpBetween:
		from := rapid.IntRange(0, 2).Draw(t, "from")
		value = []int{from, from + rapid.IntRange(0, 2).Draw(t, "span")}
	case f.Type == segment.Number || f.Type == segment.Money:
		value = rapid.IntRange(0, 3).Draw(t, "number")
	case f.Key == "status":
		value = rapid.SliceOfN(rapid.SampledFrom([]string{"active", "locked", "other"}), 1, 2).Draw(t, "words")
	case f.Type == segment.Word:
		value = rapid.SliceOfN(rapid.SampledFrom([]string{"gold", "silver", "iron"}), 1, 2).Draw(t, "words")
	default:
		value = rapid.SliceOfN(rapid.Int64Range(1, 5), 1, 3).Draw(t, "ids")
	}
	return segment.Condition(f.Key, op, value, unit)
}

// day is the date some days before midday, in the site's time zone.
func day(ago int) string { return midday.In(shanghai).AddDate(0, 0, -ago).Format("2006-01-02") }

var shanghai = time.FixedZone("CST", 8*3600)

// holds is the second implementation: the meaning of a rule, written without looking at the SQL.
func holds(r segment.Rule, p someone) bool {
	word, members := r.Members()
	if word != "" {
		if len(members) == 0 {
			return false
		}
		yes := 0
		for _, m := range members {
			if holds(m, p) {
				yes++
			}
		}
		return map[string]bool{"all": yes == len(members), "any": yes > 0, "none": yes == 0}[word]
	}
	switch r.Field {
	case "last_login":
		return holdsTime(r, p.login)
	case "registered":
		return holdsTime(r, p.registered)
	case "last_paid":
		return holdsTime(r, p.lastPaid)
	case "paid_count":
		return holdsNumber(r, p.paidCount)
	case "paid_total":
		return holdsNumber(r, p.paidTotal)
	case "status":
		return holdsWord(r, p.status)
	case "member_level":
		return holdsWord(r, p.level)
	case "interest_tag":
		return holdsRefs(r, p.tags)
	case "bought":
		return holdsRefs(r, p.bought)
	case "enrolled":
		return holdsRefs(r, p.enrolled)
	case "learner":
		return slices.Contains(read[[]int64](r), p.id) == (r.Op == segment.OpIn)
	}
	panic("no second implementation of " + r.Field)
}

func read[T any](r segment.Rule) (v T) {
	if err := json.Unmarshal(r.Value, &v); err != nil {
		panic(err)
	}
	return v
}

func holdsTime(r segment.Rule, at *time.Time) bool {
	if at == nil || r.Op == segment.OpEmpty || r.Op == segment.OpNotEmpty {
		return at == nil && r.Op == segment.OpEmpty || at != nil && r.Op == segment.OpNotEmpty
	}
	date := func(text string) time.Time {
		d, err := time.ParseInLocation("2006-01-02", text, shanghai)
		if err != nil {
			panic(err)
		}
		return d
	}
	switch r.Op {
	case segment.OpInLast, segment.OpOlder:
		length := map[segment.Unit]time.Duration{segment.Hour: time.Hour, segment.Day: 24 * time.Hour, segment.Week: 7 * 24 * time.Hour}[r.Unit]
		edge := midday.Add(-time.Duration(read[int](r)) * length) // no clock changes in Shanghai
		if r.Op == segment.OpOlder {
			return at.Before(edge)
		}
		return !at.Before(edge) && !at.After(midday)
	case segment.OpOnAfter:
		return !at.Before(date(read[string](r)))
	case segment.OpBefore:
		return at.Before(date(read[string](r)))
	}
	pair := read[[]string](r)
	return !at.Before(date(pair[0])) && at.Before(date(pair[1]).Add(24*time.Hour))
}

func holdsNumber(r segment.Rule, n int64) bool {
	if r.Op == segment.OpBetween {
		pair := read[[]int64](r)
		return pair[0] <= n && n <= pair[1]
	}
	v := read[int64](r)
	return map[segment.Op]bool{segment.OpEq: n == v, segment.OpNe: n != v, segment.OpLt: n < v, segment.OpLe: n <= v, segment.OpGt: n > v, segment.OpGe: n >= v}[r.Op]
}

func holdsWord(r segment.Rule, w string) bool {
	switch r.Op {
	case segment.OpEmpty:
		return w == ""
	case segment.OpNotEmpty:
		return w != ""
	}
	return slices.Contains(read[[]string](r), w) == (r.Op == segment.OpIn)
}

func holdsRefs(r segment.Rule, has []int64) bool {
	found, want := 0, read[[]int64](r)
	for _, id := range want {
		if slices.Contains(has, id) {
			found++
		}
	}
	return map[segment.Op]bool{segment.OpAnyOf: found > 0, segment.OpAllOf: found == len(want), segment.OpNoneOf: found == 0}[r.Op]
}

// TestRulesMeanTheSameInSQLAndGo holds the compiled SQL to a second implementation of the rules,
// over random rules and random people, with missing values and times on the very edge.
func TestRulesMeanTheSameInSQLAndGo(t *testing.T) {
	t.Parallel()
	db, err := storage.New(pgtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	pool := pgtest.Open(t)
	service := segment.NewService(&storage.Segments{DB: db}, segment.DefaultCatalog(), shanghai, func() time.Time { return midday })
	everyone := rapid.SliceOfN(rapid.Custom(drawSomeone), 90, 90).Example(1)
	for i := range everyone {
		p := &everyone[i]
		err := pool.QueryRow(`INSERT INTO crm_learners (host_id, status, marketable, content_hash, updated_at, written_at, last_login_at, registered_at, last_paid_at,
				paid_order_count, paid_total, member_level, tag_ids, bought_ids, enrolled_ids)
			VALUES ($1, $2, true, 0, now(), now(), $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
			strconv.Itoa(i), p.status, p.login, p.registered, p.lastPaid, p.paidCount, p.paidTotal, p.level, p.tags, p.bought, p.enrolled).Scan(&p.id)
		if err != nil {
			t.Fatal(err)
		}
	}
	pairs := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRule(rt, 3)
		page, err := service.List(t.Context(), segment.Query{Rule: r, Limit: 100})
		if err != nil {
			rt.Fatalf("%s: %v", r.JSON(), err)
		}
		got := map[int64]bool{}
		for _, p := range page.People {
			got[int64(p.ID)] = true
		}
		for _, p := range everyone {
			pairs++
			if holds(r, p) != got[p.id] {
				rt.Fatalf("%s: SQL says %v of %s", r.JSON(), got[p.id], fmt.Sprintf("%+v", p))
			}
		}
	})
	t.Logf("%d pairs of rule and person agree", pairs)
}
