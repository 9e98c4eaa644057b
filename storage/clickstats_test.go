package storage

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// agentTexts are what the visitors of these tests have in their hands.
var agentTexts = []string{
	person,
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
}

// followed is a campaign with two links and a trap, and 150 hits of every sort, as they are in the
// database.
type followed struct {
	*sending
	id          campaign.ID
	links       []shortlink.LinkID
	trap        shortlink.LinkID
	hits        []shortlink.Hit
	agents      map[shortlink.AgentID]shortlink.Agent
	accepted    map[int64]time.Time
	provinces   map[int64]string
	learners    map[int64]segment.PersonID
	unpublished campaign.ID
}

func newFollowed(t *testing.T, seed uint64) *followed {
	t.Helper()
	people := crowd(25)
	for i := range people.Learners {
		people.Learners[i].Province = []string{"浙江", "广东", "", "<b>云南</b>"}[i%4]
	}
	f := &followed{sending: newSending(t, people), agents: map[shortlink.AgentID]shortlink.Agent{}, accepted: map[int64]time.Time{}, provinces: map[int64]string{}, learners: map[int64]segment.PersonID{}}
	f.now = time.Date(2026, 10, 31, 13, 25, 0, 0, time.UTC)
	d := mail("k", segment.Everyone())
	d.Content.Blocks = append(d.Content.Blocks, campaign.Block{Kind: campaign.BlockButton, Text: "去看", URL: "https://learn.example/courses/2"})
	f.id = f.launchDraft(t, d)
	other := f.launch(t, "other", segment.Everyone())
	f.work(t, f.sender("a"))
	f.unpublished = f.launch(t, "later", segment.Everyone())
	f.exec(t, "DELETE FROM crm_links WHERE campaign_id = ? AND kind = 'trap'", int64(f.id))
	f.exec(t, "INSERT INTO crm_links (campaign_id, kind, target, first, count, created_at) VALUES (?, 'trap', 'https://learn.example/', 9000000, 25, now())", int64(f.id))
	f.exec(t, "UPDATE crm_deliveries SET accepted_at = accepted_at + ordinal * interval '1 second' WHERE campaign_id = ?", int64(f.id))
	f.exec(t, "UPDATE crm_deliveries SET accepted_at = NULL, state = 'unknown' WHERE campaign_id = ? AND ordinal % 6 = 5", int64(f.id))
	f.exec(t, "UPDATE crm_deliveries SET state = 'failed', reason = 'rejected' WHERE campaign_id = ? AND ordinal % 6 = 4", int64(f.id))
	f.readLinks(t)
	f.visit(t, seed, other)
	return f
}

func (f *followed) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := f.db.bun.NewRaw(query, args...).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (f *followed) readLinks(t *testing.T) {
	t.Helper()
	var links []struct {
		ID   int64
		Kind string
	}
	if err := f.db.bun.NewRaw("SELECT id, kind FROM crm_links WHERE campaign_id = ? ORDER BY id", int64(f.id)).Scan(t.Context(), &links); err != nil || len(links) != 3 {
		t.Fatal(links, err)
	}
	for _, l := range links {
		if l.Kind == string(shortlink.LinkTrap) {
			f.trap = shortlink.LinkID(l.ID)
		} else {
			f.links = append(f.links, shortlink.LinkID(l.ID))
		}
	}
	var rows []struct {
		Ordinal, LearnerID int64
		Province           string
		AcceptedAt         time.Time
	}
	if err := f.db.bun.NewRaw("SELECT d.ordinal, d.learner_id, l.province, coalesce(d.accepted_at, '0001-01-01Z') AS accepted_at FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id WHERE d.campaign_id = ?", int64(f.id)).Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		f.provinces[r.Ordinal], f.learners[r.Ordinal] = r.Province, segment.PersonID(r.LearnerID)
		if r.AcceptedAt.Year() > 1 {
			f.accepted[r.Ordinal] = r.AcceptedAt
		}
	}
}

// visit makes the hits, of which some are another campaign's.
func (f *followed) visit(t *testing.T, seed uint64, other campaign.ID) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 9))
	var b shortlink.Batch
	for _, text := range agentTexts {
		a := shortlink.ReadAgent(text)
		f.agents[a.ID] = a
		b.Agents = append(b.Agents, a)
	}
	ids := slices.Sorted(maps.Keys(f.agents))
	verdicts := shortlink.Verdicts()
	for range 150 {
		h := shortlink.Hit{ID: random.Int64(), At: f.now.Add(time.Duration(random.Int64N(int64([]time.Duration{time.Minute, 5 * time.Hour, 30 * 24 * time.Hour}[min(random.IntN(8), 2)])))).Truncate(time.Microsecond),
			Link: f.links[random.IntN(2)], Campaign: int64(f.id), Ordinal: random.Int64N(23), Agent: ids[random.IntN(3)], Visitor: random.Int64()}
		v := verdicts[random.IntN(len(verdicts))]
		if random.IntN(2) == 0 {
			v = verdicts[0]
		}
		h.Kind, h.Reason = v.Kind, v.Reason
		switch random.IntN(12) {
		case 0:
			h.Link, h.Kind, h.Reason = f.trap, shortlink.Bot, shortlink.ReasonTrap
		case 1:
			h.Campaign = int64(other)
		case 2:
			h.Agent = 0 // nothing is known of what they hold
		}
		b.Hits = append(b.Hits, h)
		if h.Campaign == int64(f.id) {
			f.hits = append(f.hits, h)
		}
	}
	if err := enterNow(t.Context(), f.stores, b); err != nil {
		t.Fatal(err)
	}
}

// TestStatsAgree holds the statistics to counting the hits one by one, and to the result of the
// campaign.
func TestStatsAgree(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York") // its clocks change while the hits come
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			f := newFollowed(t, seed)
			for _, link := range append(slices.Clone(f.links), 0) {
				got, err := shortlink.NewStatistics(f.stores).Stats(t.Context(), shortlink.Scope{Campaign: int64(f.id), Link: link}, zone)
				if err != nil {
					t.Fatal(err)
				}
				f.compare(t, got, link, zone)
				if link == 0 {
					f.sameAsResult(t, got)
				}
			}
		})
	}
}

func (f *followed) sameAsResult(t *testing.T, got shortlink.Stats) {
	t.Helper()
	r := f.result(t, f.id)
	if got.Hits != r.Hits || got.People != r.Clickers || r.Clickers < 15 || got.Sent != r.Taken() || r.Bounced == 0 {
		t.Errorf("%d hits by %d people of %d, the result has %d by %d of %d", got.Hits, got.People, got.Sent, r.Hits, r.Clickers, r.Taken())
	}
	targets, err := f.service.Targets(t.Context(), f.id)
	if err != nil || len(targets) != len(got.Links) {
		t.Fatal(targets, err)
	}
	for i, l := range got.Links {
		if targets[i] != (campaign.TargetClicks{Target: l.Target, Hits: l.Hits, Clickers: l.People}) {
			t.Errorf("link %+v, the result has %+v", l, targets[i])
		}
	}
}

// compare counts with sets what the database was asked for.
func (f *followed) compare(t *testing.T, got shortlink.Stats, link shortlink.LinkID, zone *time.Location) {
	t.Helper()
	verdicts := map[shortlink.Verdict]int64{}
	people, hours, days, devices, apps, systems, homes := sets{}, sets{}, sets{}, sets{}, sets{}, sets{}, sets{}
	first := map[int64]time.Time{}
	var raw int64
	for _, h := range f.hits {
		if link != 0 && h.Link != link {
			continue
		}
		raw++
		verdicts[shortlink.Verdict{Kind: h.Kind, Reason: h.Reason}]++
		if h.Kind != shortlink.Human {
			continue
		}
		people.add("", h.Ordinal)
		hours.add(fmt.Sprint(int(h.At.Sub(time.Date(2026, 10, 31, 13, 0, 0, 0, time.UTC)).Hours())), h.Ordinal)
		days.add(h.At.In(zone).Format(time.DateOnly), h.Ordinal)
		a := f.agents[h.Agent]
		devices.add(string(a.Device), h.Ordinal)
		apps.add(string(a.App), h.Ordinal)
		systems.add(string(a.OS), h.Ordinal)
		homes.add(f.provinces[h.Ordinal], h.Ordinal)
		if at, ok := first[h.Ordinal]; !ok || h.At.Before(at) {
			first[h.Ordinal] = h.At
		}
	}
	if got.Hits != raw || !maps.Equal(got.ByVerdict, verdicts) || got.People != int64(len(people[""].people)) {
		t.Errorf("link %d: %d hits, %v, %d people; want %d, %v, %d", link, got.Hits, got.ByVerdict, got.People, raw, verdicts, len(people[""].people))
	}
	for i, p := range got.Hours {
		if want := hours.part(fmt.Sprint(i)); p.People != want.People || p.Hits != want.Hits {
			t.Errorf("link %d: hour %d: %+v, want %+v", link, i, p, want)
		}
	}
	for _, p := range got.Days {
		day := p.From.Format(time.DateOnly)
		if want := days.part(day); p.People != want.People || p.Hits != want.Hits {
			t.Errorf("link %d: day %s: %+v, want %+v", link, day, p, want)
		}
		delete(days, day)
	}
	if len(got.Hours) != shortlink.StatHours || len(days) > 0 {
		t.Errorf("link %d: %d hours, days left: %v", link, len(got.Hours), days)
	}
	for i, pair := range [][2][]shortlink.Part{{got.Devices, devices.parts()}, {got.Apps, apps.parts()}, {got.Systems, systems.parts()}, {got.Provinces, homes.parts()}} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("link %d: parts %d: %+v, want %+v", link, i, pair[0], pair[1])
		}
	}
	if want := f.delays(first); !reflect.DeepEqual(got.Delays, want) {
		t.Errorf("link %d: delays %+v, want %+v", link, got.Delays, want)
	}
}

func (f *followed) delays(first map[int64]time.Time) shortlink.Delays {
	bounds := shortlink.DelayBounds()
	out := shortlink.Delays{People: make([]int64, len(bounds)+1)}
	var delays []time.Duration
	for ordinal, at := range first {
		accepted, ok := f.accepted[ordinal]
		if !ok {
			out.Unknown++
			continue
		}
		delay := at.Sub(accepted)
		delays = append(delays, delay)
		i := 0
		for i < len(bounds) && delay > bounds[i] {
			i++
		}
		out.People[i]++
	}
	slices.Sort(delays)
	if n := len(delays); n > 0 {
		out.Median = delays[(n-1)/2]
	}
	return out
}

// sets are people and hits by name.
type sets map[string]*set

type set struct {
	people map[int64]bool
	hits   int64
}

func (s sets) add(name string, person int64) {
	if s[name] == nil {
		s[name] = &set{people: map[int64]bool{}}
	}
	s[name].people[person] = true
	s[name].hits++
}

func (s sets) part(name string) shortlink.Part {
	if s[name] == nil {
		return shortlink.Part{Name: name}
	}
	return shortlink.Part{Name: name, People: int64(len(s[name].people)), Hits: s[name].hits}
}

func (s sets) parts() []shortlink.Part {
	var out []shortlink.Part
	for name := range s {
		out = append(out, s.part(name))
	}
	slices.SortFunc(out, byPeople)
	return out
}

func byPeople(a, b shortlink.Part) int {
	return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Name, b.Name))
}
