package proof

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/storage"
)

// scene is a moment at a place where calendars are difficult.
type scene struct {
	name string
	now  time.Time
}

func place(zone string, year int, month time.Month, day, hour, minute int) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err) // the tests' own names
	}
	return time.Date(year, month, day, hour, minute, 0, 0, loc)
}

// scenes: an ordinary midday; the day of 23 hours; the day of 25; the 29th of February, and the
// 28th of a year without one at the stroke of midnight; days that begin at one o'clock, or twice.
func scenes() []scene {
	return []scene{
		{"Shanghai at midday", place("Asia/Shanghai", 2026, 11, 22, 12, 0)},
		{"New York springs forward", place("America/New_York", 2026, 3, 8, 12, 30)},
		{"Berlin falls back", place("Europe/Berlin", 2026, 10, 25, 12, 0)},
		{"29 February", place("Asia/Shanghai", 2028, 2, 29, 23, 59)},
		{"28 February at midnight", place("America/Sao_Paulo", 2027, 2, 28, 0, 0)},
		{"Azores, a Sunday without midnight", place("Atlantic/Azores", 2021, 3, 28, 17, 46)},
		{"Havana, a Sunday with two", place("America/Havana", 2026, 11, 1, 12, 0)},
	}
}

// moment draws a time near the edges that rules ask about: so many units before or after now, or
// the midnights between them, give or take a second.
func (s scene) moment(t *rapid.T, name string) time.Time {
	n := rapid.IntRange(-9, 3).Draw(t, name+" units")
	at := s.now
	switch rapid.IntRange(0, 5).Draw(t, name+" unit") {
	case 0:
		at = at.Add(time.Duration(n) * time.Hour)
	case 1, 2:
		at = at.AddDate(0, 0, n)
	case 3:
		at = at.AddDate(0, 0, 7*n)
	case 4:
		at = at.AddDate(0, n, 0)
	default:
		at = at.AddDate(n, 0, 0)
	}
	if rapid.Bool().Draw(t, name+" at midnight") {
		at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	}
	return at.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, name+" second")) * time.Second)
}

// maybe draws a moment or none.
func (s scene) maybe(t *rapid.T, name string) any {
	if rapid.IntRange(0, 3).Draw(t, name+" missing") == 0 {
		return nil
	}
	return s.moment(t, name)
}

func pick[T any](t *rapid.T, name string, list ...T) T { return rapid.SampledFrom(list).Draw(t, name) }

// row is a row to be inserted.
type row struct {
	table  string
	values map[string]any
}

// person draws somebody with everything that rules can ask about.
func (s scene) person(t *rapid.T, id int64) []row {
	var birthday any
	if rapid.Bool().Draw(t, "born") {
		day := s.now.AddDate(-rapid.IntRange(0, 40).Draw(t, "years"), 0, rapid.IntRange(-9, 9).Draw(t, "days"))
		birthday = pick(t, "birthday", day.Format(time.DateOnly), day.Format(time.DateOnly), "2000-02-29", "1999-02-28", "1996-02-29", "2001-03-01", "2000-12-31", "2001-01-01")
	}
	custom, err := json.Marshal(map[string]any{
		"text": pick[any](t, "custom text", map[string]any{"kind": "", "text": "Abc"}, map[string]any{"kind": ""}, map[string]any{"kind": "bool", "bool": true}),
		"real": pick[any](t, "custom number", map[string]any{"kind": "number", "number": 1.5}, map[string]any{"kind": "number"}, map[string]any{"kind": ""}),
		"date": pick[any](t, "custom date", map[string]any{"kind": "date", "date": s.moment(t, "custom").UTC()}, map[string]any{"kind": "date"}),
		"flag": pick[any](t, "custom flag", map[string]any{"kind": "bool", "bool": true}, map[string]any{"kind": "bool"}),
	})
	if err != nil {
		panic(err) // plain maps
	}
	rows := []row{{"crm_learners", map[string]any{
		"host_id": fmt.Sprint("h", id), "status": pick(t, "status", "active", "active", "locked"), "marketable": true, "content_hash": 0, "updated_at": s.now, "written_at": s.now,
		"nickname": pick(t, "nickname", "", "anna", "ANNA b", "安娜", "100%"), "real_name": pick(t, "name", "", "王小明", "O'Brien"),
		"gender": pick(t, "gender", "", "male", "female"), "birthday": birthday, "register_source": pick(t, "source", "", "web", "wechat"), "device": pick(t, "device", "", "ios"),
		"province": pick(t, "province", "", "广东"), "city": pick(t, "city", "", "深圳"), "roles": pick(t, "roles", []string{}, []string{"student"}, []string{"student", "teacher"}),
		"inviter_host_id": pick(t, "inviter", "", "h1"), "mobile": pick(t, "mobile", "", "1"), "mobile_verified": rapid.Bool().Draw(t, "mobile verified"),
		"email": pick(t, "email", "", "e"), "email_verified": rapid.Bool().Draw(t, "email verified"), "usable_mobile": pick[any](t, "usable mobile", nil, "1"), "usable_email": pick[any](t, "usable email", nil, "e"),
		"consent_sms": pick(t, "sms", "", "denied", "granted"), "consent_email": pick(t, "consent", "", "denied"), "custom": pick[any](t, "custom", nil, string(custom), string(custom)),
		"registered_at": s.maybe(t, "registered"), "last_login_at": s.maybe(t, "login"), "tag_ids": pick(t, "tags", []int{}, []int{2}, []int{2, 1}),
	}}}
	for i := range rapid.IntRange(0, 4).Draw(t, "orders") {
		rows = append(rows, s.order(t, id, i))
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "enrollments") {
		rows = append(rows, s.enrollment(t, id, i))
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "activities") {
		rows = append(rows, row{"crm_activities", map[string]any{"host_id": fmt.Sprint(id, "-", i), "learner_id": id, "type": pick(t, "type", "view", "trial", "own"),
			"target_type": "course", "target_id": "", "offering_id": pick[any](t, "about", nil, 1, 2, 3, 4), "occurred_at": s.moment(t, "occurred")}})
	}
	for campaign := 1; campaign <= 3; campaign++ {
		rows = append(rows, s.delivery(t, id, campaign)...)
	}
	for _, list := range rapid.SliceOfDistinct(rapid.IntRange(1, 3), rapid.ID).Draw(t, "lists") {
		rows = append(rows, row{"crm_list_members", map[string]any{"list_id": list, "learner_id": id}})
	}
	for offering := 1; offering <= 3; offering++ { // of canonical offerings alone
		rows = append(rows, s.pair(t, id, offering)...)
	}
	for range rapid.IntRange(0, 3).Draw(t, "follow-ups") {
		rows = append(rows, s.followUp(t, id))
	}
	for _, label := range rapid.SliceOfDistinct(rapid.IntRange(1, 3), rapid.ID).Draw(t, "labels") {
		rows = append(rows, row{"crm_label_people", map[string]any{"label_id": label, "learner_id": id, "at": s.now, "by_id": "", "by_name": ""}})
	}
	if rapid.Bool().Draw(t, "member") {
		rows = append(rows, row{"crm_memberships", map[string]any{"learner_id": id, "host_id": fmt.Sprint("h", id), "level_id": pick(t, "level", "gold", "silver"), "level_name": "", "rank": 1,
			"expires_at": s.maybe(t, "membership"), "deleted": rapid.IntRange(0, 5).Draw(t, "gone") == 0, "content_hash": 0, "updated_at": s.now, "written_at": s.now}})
	}
	return rows
}

func (s scene) order(t *rapid.T, id int64, i int) row {
	status := pick(t, "order", "pending", "paid", "finished", "refunded", "refunding", "closed", "deleted")
	paid, refunded := int64(0), int64(0)
	var on any
	if status != "pending" && status != "closed" && status != "deleted" {
		paid = rapid.Int64Range(0, 3).Draw(t, "paid")
		refunded = rapid.Int64Range(0, 3).Draw(t, "refunded")
		on = s.moment(t, "paid on")
	}
	offerings := pick(t, "items", []int{}, []int{1}, []int{2, 3}, []int{4})
	return row{"crm_orders", map[string]any{"host_id": fmt.Sprint(id, "-", i), "sn": "", "learner_id": id, "status": status, "origin": pick(t, "origin", "self", "offline"),
		"list_amount": 3, "payable_amount": 3, "paid_cash": paid, "paid_coin": 0, "refunded": refunded, "currency": pick(t, "currency", "CNY", "CNY", "USD"),
		"paid_amount": paid, "paid_on": on, "offering_ids": offerings, "created_at": s.moment(t, "created"), "coupon": pick(t, "coupon", "", "SUMMER", "summer24"),
		"content_hash": 0, "updated_at": s.now, "written_at": s.now}}
}

func (s scene) enrollment(t *rapid.T, id int64, i int) row {
	return row{"crm_enrollments", map[string]any{"host_id": fmt.Sprint(id, "-", i), "learner_id": id, "offering_id": rapid.IntRange(1, 4).Draw(t, "offering"),
		"role": pick(t, "role", "student", "student", "student", "teacher"), "status": pick(t, "enrollment", "active", "active", "expired", "exited", "exited"),
		"join_reason": pick(t, "join", "purchase", "free", ""), "joined_at": s.moment(t, "joined"), "expires_at": s.maybe(t, "expires"),
		"required_done": rapid.IntRange(0, 12).Draw(t, "done"), "last_learn_at": s.maybe(t, "learned"), "completed_at": s.maybe(t, "completed"),
		"exited_at": s.maybe(t, "exited"), "exit_reason": pick(t, "exit", "", "self", "refund", "expired"), "content_hash": 0, "updated_at": s.now, "written_at": s.now}}
}

// pair draws how a person stands with an offering, if they ever touched each other: not what would
// follow from the other rows, but anything that can stand there.
func (s scene) pair(t *rapid.T, id int64, offering int) []row {
	if rapid.IntRange(0, 2).Draw(t, "touched") == 0 {
		return nil
	}
	return []row{{"crm_pairs", map[string]any{"learner_id": id, "offering_id": offering, "heat": s.heat(t, "heat"), "order_heat": s.heat(t, "order heat"),
		"set_level": pick(t, "set level", "", "", "", "high", "medium", "low", "none"), "refunding": pick(t, "refunding", 0, 0, 3),
		"stage": pick(t, "stage", "", "potential", "potential", "pending", "enrolled", "withdrawn"), "past": rapid.Bool().Draw(t, "past"),
		"ordered_at": s.maybe(t, "pair ordered"), "paid_at": s.maybe(t, "pair paid"), "joined_at": s.maybe(t, "pair joined"), "learned_at": s.maybe(t, "pair learned")}}}
}

// heat draws a weight at some moment, as it was worth when 2026 began; now itself is drawn often,
// when it lies on the very edge of a level.
func (s scene) heat(t *rapid.T, name string) float64 {
	weight := pick(t, name+" weight", 0.0, 1, 3, 5, 8, 20)
	at := s.now
	if rapid.Bool().Draw(t, name+" before") {
		at = s.moment(t, name+" at")
	}
	return weight * math.Exp2(at.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Hours()/24/30)
}

func (s scene) followUp(t *rapid.T, id int64) row {
	return row{"crm_followups", map[string]any{"learner_id": id, "method": pick(t, "method", "phone", "visit", "plan"), "at": s.moment(t, "followed up"),
		"next_at": s.maybe(t, "next"), "done_at": pick[any](t, "dealt with", nil, nil, s.now), "owner_id": pick(t, "owner", "s1", "s2"),
		"owner_name": "", "by_id": "", "by_name": ""}}
}

// delivery draws what a person got of a campaign, and their clicks.
func (s scene) delivery(t *rapid.T, id int64, campaign int) []row {
	state := pick(t, "delivery", "none", "accepted", "delivered", "unknown", "failed", "excluded")
	if state == "none" {
		return nil
	}
	rows := []row{{"crm_deliveries", map[string]any{"campaign_id": campaign, "ordinal": id, "learner_id": id, "chunk": 0, "state": state,
		"accepted_at": s.maybe(t, "accepted"), "sending_at": s.maybe(t, "sending")}}}
	for i := range rapid.IntRange(0, 2).Draw(t, "clicks") {
		rows = append(rows, row{"crm_clicks", map[string]any{"id": 10*(1000*campaign+int(id)) + i, "link_id": campaign, "campaign_id": campaign, "ordinal": id, "learner_id": id,
			"at": s.moment(t, "clicked"), "kind": pick(t, "kind", "human", "human", "bot")}})
	}
	return rows
}

// fixtures are the offerings (4 is a classroom's copy of 3), tags, campaigns and words of a scene.
func (s scene) fixtures() []row {
	rows := []row{{"crm_tags", map[string]any{"name": "数学"}}, {"crm_tags", map[string]any{"name": "英语"}}}
	for i, o := range []struct {
		path []string
		tags []int
	}{{[]string{"考研", "数学"}, []int{1}}, {[]string{"考研"}, []int{1, 2}}, {[]string{}, []int{}}, {[]string{"考研"}, []int{2}}} {
		rows = append(rows, row{"crm_offerings", map[string]any{"type": "course", "host_id": fmt.Sprint(i + 1), "canonical_id": min(i+1, 3), "category_path": o.path, "tag_ids": o.tags,
			"price": i * 100, "required_units": []int{10, 4, 0, 8}[i], "updated_at": s.now, "written_at": s.now}})
	}
	for i := range 3 { // the last one is not done: its messages may be of any time
		done := any(s.now.AddDate(1, 0, 0))
		if i == 2 {
			done = nil
		}
		rows = append(rows, row{"crm_campaigns", map[string]any{"key": fmt.Sprint(i), "name": "", "channel": []string{"email", "sms", "email"}[i], "rule": `{"all":[]}`, "content": `{}`,
			"state": "done", "by_id": "", "by_name": "", "launched_at": s.now, "done_at": done}})
	}
	for key, kind := range map[string]string{"text": "", "real": "number", "date": "date", "flag": "bool"} {
		rows = append(rows, row{"crm_words", map[string]any{"kind": "custom", "value": key, "note": kind}})
	}
	return rows
}

// populate fills a database of its own with a scene's people and has the product compute their
// facts, as of now.
func (s scene) populate(t *testing.T, people int) *storage.DB {
	t.Helper()
	pool := pgtest.Open(t)
	db, err := storage.New(pool)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := s.fixtures()
	for id := int64(1); id <= int64(people); id++ {
		rows = append(rows, rapid.Custom(func(rt *rapid.T) []row { return s.person(rt, id) }).Example(int(id))...)
	}
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		insert(t, tx, r)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for {
		n, err := (&storage.Projection{DB: db, Currency: "CNY"}).ComputeFacts(t.Context(), true, s.now)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return db
		}
	}
}

func insert(t *testing.T, tx *sql.Tx, r row) {
	t.Helper()
	names, marks, values := "", "", []any{}
	for name, v := range r.values {
		values = append(values, v)
		if names != "" {
			names, marks = names+", ", marks+", "
		}
		names, marks = names+name, marks+fmt.Sprintf("$%d", len(values))
	}
	if _, err := tx.Exec("INSERT INTO "+r.table+" ("+names+") VALUES ("+marks+")", values...); err != nil {
		t.Fatalf("%s: %v", r.table, err)
	}
}
