package storage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/shortlink"
)

// docket is a database with links and recipients whose hits are to be judged: campaign 1 has the
// links 11, 12 and the trap 19, campaign 2 the link 21; link 31 has no recipients. Recipients with
// an even ordinal got their message at noon, the others' is not sent. Agent 7 is a person's and 8 a
// program.
type docket struct {
	*Links
	all []shortlink.Seen
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const docketPeople = 40

// testRules reads "program" as a program.
var testRules = shortlink.Rules{Version: "1", Judge: shortlink.Judge, Agent: func(text string) shortlink.Agent {
	return shortlink.Agent{Text: text, Program: text == "program", OS: shortlink.OSAndroid}
}}

func newDocket(t testing.TB) *docket {
	t.Helper()
	d := &docket{Links: &Links{DB: open(t)}}
	d.do(t, `INSERT INTO crm_links (id, campaign_id, target, first, count, created_at, kind) OVERRIDING SYSTEM VALUE VALUES
		(11, 1, '', 100, 50, now(), 'campaign'), (12, 1, '', 200, 50, now(), 'campaign'), (19, 1, '', 300, 50, now(), 'trap'),
		(21, 2, '', 400, 50, now(), 'campaign'), (31, 0, '', 500, 1, now(), 'free')`)
	d.do(t, `INSERT INTO crm_agents (id, text, program, device, app, os) VALUES (7, 'person', false, '', '', 'android'), (8, 'program', true, '', '', 'android')`)
	d.do(t, `INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, sending_at, accepted_at)
		SELECT c, o, o, 0, CASE WHEN o % 2 = 0 THEN 'accepted' ELSE 'queued' END, CASE WHEN o % 2 = 0 THEN ?::timestamptz - interval '1 second' END, CASE WHEN o % 2 = 0 THEN ?::timestamptz END
		FROM generate_series(1, 2) c, generate_series(0, ?) o`, noon, noon, docketPeople-1)
	if _, err := d.Recall(t.Context(), testRules); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *docket) do(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := d.bun.NewRaw(query, args...).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// seen gives a hit with what is known around it.
func (d *docket) seen(h shortlink.Hit) shortlink.Seen {
	s := shortlink.Seen{Hit: h, Program: h.Agent == 8, Trap: h.Link == 19}
	if h.Campaign != 0 {
		s.Links = map[int64]int{1: 2, 2: 1}[h.Campaign]
		if h.Ordinal%2 == 0 {
			s.Delivered = noon
		}
	}
	return s
}

// keep appends hits as one batch (large ones as several).
func (d *docket) keep(t testing.TB, hits ...shortlink.Hit) {
	t.Helper()
	for part := range slices.Chunk(hits, 5000) {
		if err := enterNow(t.Context(), d.Links, shortlink.Batch{Hits: part}); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range hits {
		d.all = append(d.all, d.seen(h))
	}
}

// verdicts are those that are kept, by the time and id of the hits.
func (d *docket) verdicts(t testing.TB) []shortlink.Verdict {
	t.Helper()
	var out []shortlink.Verdict
	if err := d.bun.NewRaw("SELECT kind, reason FROM crm_clicks ORDER BY at, id").Scan(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// check compares what is kept with all hits judged at once.
func (d *docket) check(t testing.TB, judge func([]shortlink.Seen) []shortlink.Verdict) {
	t.Helper()
	slices.SortFunc(d.all, func(a, b shortlink.Seen) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return int(min(max(a.ID-b.ID, -1), 1))
	})
	got, want := d.verdicts(t), judge(d.all)
	if len(got) != len(want) {
		t.Fatalf("%d hits are kept, not %d", len(got), len(want))
	}
	wrong := 0
	for i := range want {
		if got[i] != want[i] {
			if wrong++; wrong < 5 {
				t.Errorf("hit %d at %v is kept as %v, not %v", d.all[i].ID, d.all[i].At.Sub(noon), got[i], want[i])
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d verdicts are wrong", wrong, len(want))
	}
}

// judgeAll works the list off.
func (d *docket) judgeAll(t testing.TB, r shortlink.Rules) (sum shortlink.Pass) {
	t.Helper()
	for d.spans(t) > 0 { // while another judge is at work, or dying, this one finds nothing to do
		p, err := d.Judge(t.Context(), r, 20_000)
		if err != nil {
			t.Fatal(err)
		}
		sum.Hits, sum.Changed = sum.Hits+p.Hits, sum.Changed+p.Changed
	}
	return sum
}

func (d *docket) spans(t testing.TB) (n int) {
	t.Helper()
	if err := d.bun.NewRaw("SELECT count(*) FROM crm_click_spans").Scan(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// visitAt is a hit of a person so long after noon.
func visitAt(after time.Duration, link shortlink.LinkID, ordinal int64) shortlink.Hit {
	h := shortlink.Hit{ID: rand.Int64(), At: noon.Add(after).Truncate(time.Microsecond), Link: link, Campaign: int64(link / 10), Ordinal: ordinal,
		Agent: 7, Network: "203.0.113.0/24", Visitor: 1 + ordinal, Kind: shortlink.Human}
	if link == 31 {
		h.Campaign, h.Ordinal = 0, 0
	}
	return h
}

// someHits are people and machines of all sorts within so long a time after noon.
func someHits(random *rand.Rand, n int, within time.Duration) (out []shortlink.Hit) {
	links := []shortlink.LinkID{11, 11, 12, 12, 19, 21, 21, 31}
	at := time.Duration(0)
	for len(out) < n {
		at = time.Duration(random.Int64N(int64(within)))
		for range 1 + random.IntN(20) { // a little crowd
			h := visitAt(at+time.Duration(random.Int64N(int64(3*time.Second))), links[random.IntN(len(links))], random.Int64N(docketPeople))
			h.Head, h.Ahead = random.IntN(30) == 0, random.IntN(30) == 0
			if random.IntN(10) == 0 {
				h.Agent = []shortlink.AgentID{0, 8, 9}[random.IntN(3)]
			}
			if random.IntN(3) == 0 {
				h.Network, h.Visitor = "", random.Int64N(3)
			}
			out = append(out, h)
		}
	}
	return out
}

func kinds(list []shortlink.Verdict) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v.Kind)
	}
	return strings.Join(words, " ")
}
