package shortlink

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// zones have half hours, clocks that change, also at midnight and by half an hour, and days that
// begin far from those of UTC.
func zones(t *testing.T) []*time.Location {
	t.Helper()
	var out []*time.Location
	for _, name := range []string{"UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Pacific/Kiritimati"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, loc)
	}
	return out
}

// TestTally holds the tally to counting with sets, over random clicks of few people.
func TestTally(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 5))
		for _, loc := range zones(t) {
			for _, of := range []Scope{{Campaign: 3}, {Campaign: 3, Link: 1}, {Link: 1}} {
				known, visits := randomVisits(random, of)
				inOrder(of, visits)
				tally := newTally(of, known, loc)
				for _, v := range visits {
					tally.add(v)
				}
				random.Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
				if got, want := tally.stats(), simpleStats(of, known, visits, loc); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, %v, %+v:\n got %+v\nwant %+v", seed, loc, of, got, want)
				}
			}
		}
	}
}

// randomVisits makes clicks around a night in which clocks change somewhere.
func randomVisits(random *rand.Rand, of Scope) (Survey, []Visit) {
	began := time.Date(2026, time.November, 1, 3, random.IntN(60), random.IntN(60), random.IntN(1e9), time.UTC)
	if random.IntN(2) == 0 {
		began = time.Date(2026, time.March, 7, 22, random.IntN(60), 0, 0, time.UTC)
	}
	span := []time.Duration{time.Hour, 60 * time.Hour, 1200 * 24 * time.Hour}[random.IntN(3)]
	out := make([]Visit, random.IntN(60))
	links := 1
	if of.Campaign != 0 && of.Link == 0 {
		links = 3
	}
	var known Survey
	for i := range out {
		v := Visit{Link: LinkID(1 + random.IntN(links)), At: began.Add(time.Duration(random.Int64N(int64(span)))).Add(-time.Duration(random.IntN(2)) * 25 * time.Hour),
			Agent: AgentID(random.IntN(3)), Device: []Device{DeviceOther, DevicePhone, DeviceDesktop}[random.IntN(3)], App: []App{AppWeChat, AppChrome}[random.IntN(2)], OS: OSiOS}
		if of.Campaign != 0 {
			v.Ordinal = random.Int64N(12)
			v.Province = []string{"", "浙江", "广东"}[v.Ordinal%3]
			if v.Ordinal%5 != 0 {
				v.Accepted = began.Add(time.Duration(v.Ordinal) * time.Minute)
			}
		} else {
			v.Visitor = random.Int64N(4) // 0: not known
		}
		out[i] = v
		if known.First.IsZero() || v.At.Before(known.First) {
			known.First = v.At
		}
		if v.At.After(known.Last) {
			known.Last = v.At
		}
	}
	known.Hits, known.Sent = 100, 50
	if of.Campaign != 0 {
		known.Began = began
		for i := range links {
			known.Links = append(known.Links, LinkStats{ID: LinkID(i + 1), Target: fmt.Sprint(i), Hits: 9})
		}
	}
	return known, out
}

func inOrder(of Scope, visits []Visit) {
	slices.SortFunc(visits, func(a, b Visit) int {
		if of.Campaign != 0 {
			return cmp.Compare(a.Ordinal, b.Ordinal)
		}
		return cmp.Or(cmp.Compare(a.At.Unix()/86400, b.At.Unix()/86400), cmp.Compare(a.Visitor, b.Visitor), cmp.Compare(a.Agent, b.Agent))
	})
}

// gathering is a set of people with their hits.
type gathering struct {
	people map[string]bool
	hits   int64
}

type gatherings map[string]*gathering

func (g gatherings) add(name, person string) {
	if g[name] == nil {
		g[name] = &gathering{people: map[string]bool{}}
	}
	g[name].people[person] = true
	g[name].hits++
}

func (g gatherings) parts() []Part {
	var out []Part
	for _, name := range slices.Sorted(maps.Keys(g)) {
		out = append(out, Part{name, int64(len(g[name].people)), g[name].hits})
	}
	slices.SortStableFunc(out, func(a, b Part) int { return cmp.Or(int(b.People-a.People), int(b.Hits-a.Hits)) })
	return out
}

func (g gatherings) period(from time.Time, name string) Period {
	if g[name] == nil {
		return Period{From: from}
	}
	return Period{from, int64(len(g[name].people)), g[name].hits}
}

// simpleStats counts what the tally counts, from clicks in any order.
func simpleStats(of Scope, known Survey, visits []Visit, loc *time.Location) Stats {
	s := Stats{Totals: known.Totals, Sent: known.Sent, Links: slices.Clone(known.Links)}
	all, days, devices, apps, systems, links, homes := gatherings{}, gatherings{}, gatherings{}, gatherings{}, gatherings{}, gatherings{}, gatherings{}
	for i, v := range visits {
		who := personOf(of, i, v)
		all.add("", who)
		day := v.At.In(loc)
		days.add(day.Format(time.DateOnly), who)
		devices.add(string(v.Device), who)
		apps.add(string(v.App), who)
		systems.add(string(v.OS), who)
		homes.add(v.Province, who)
		links.add(fmt.Sprint(v.Link), who)
	}
	if len(all) > 0 {
		s.People = int64(len(all[""].people))
	}
	if of.Campaign != 0 {
		s.Provinces, s.Delays = homes.parts(), simpleDelays(visits)
	}
	s.Devices, s.Apps, s.Systems = devices.parts(), apps.parts(), systems.parts()
	for i, l := range s.Links {
		if g := links[fmt.Sprint(l.ID)]; g != nil {
			s.Links[i].People = int64(len(g.people))
		}
	}
	began := known.Began
	if began.IsZero() {
		began = known.First
	}
	if began.IsZero() {
		return s
	}
	hour := began.In(loc)
	hour = hour.Add(-time.Duration(hour.Minute())*time.Minute - time.Duration(hour.Second())*time.Second - time.Duration(hour.Nanosecond()))
	for i := range time.Duration(StatHours) {
		at := hour.Add(i * time.Hour)
		p := Period{From: at}
		who := map[string]bool{}
		for j, v := range visits {
			if !v.At.Before(at) && v.At.Before(at.Add(time.Hour)) {
				p.Hits++
				who[personOf(of, j, v)] = true
			}
		}
		p.People = int64(len(who))
		s.Hours = append(s.Hours, p)
	}
	if len(visits) == 0 {
		return s
	}
	if known.First.Before(began) {
		began = known.First
	}
	for at := calendarDay(began.In(loc)); !at.After(calendarDay(known.Last.In(loc))); at = at.AddDate(0, 0, 1) {
		s.Days = append(s.Days, days.period(firstMoment(at, loc), at.Format(time.DateOnly)))
	}
	s.Days = s.Days[max(0, len(s.Days)-StatDays):]
	return s
}

func simpleDelays(visits []Visit) Delays {
	var out Delays
	byTime := slices.Clone(visits)
	slices.SortFunc(byTime, func(a, b Visit) int { return a.At.Compare(b.At) })
	met := map[int64]bool{}
	var took []time.Duration
	for _, v := range byTime {
		switch {
		case met[v.Ordinal]:
		case v.Accepted.IsZero():
			out.Unknown++
		default:
			took = append(took, v.At.Sub(v.Accepted))
		}
		met[v.Ordinal] = true
	}
	if len(met) == 0 {
		return out
	}
	out.People = make([]int64, len(DelayBounds())+1)
	for _, d := range took {
		i := 0
		for _, bound := range DelayBounds() {
			if d > bound {
				i++
			}
		}
		out.People[i]++
	}
	slices.Sort(took)
	for i := range took { // the first that half of them are not quicker than
		if 2*(i+1) >= len(took) {
			out.Median = took[i]
			break
		}
	}
	return out
}

func personOf(of Scope, i int, v Visit) string {
	switch {
	case of.Campaign != 0:
		return fmt.Sprint(v.Ordinal)
	case v.Visitor == 0:
		return fmt.Sprint("hit ", i)
	}
	return fmt.Sprint(v.At.UTC().Format(time.DateOnly), v.Visitor, v.Agent)
}

// calendarDay stands for a day where clocks never change.
func calendarDay(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, time.UTC)
}

// firstMoment looks for the moment in which a day begins.
func firstMoment(day time.Time, loc *time.Location) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Add(-30 * time.Hour).In(loc)
	for at.Format(time.DateOnly) < day.Format(time.DateOnly) {
		at = at.Add(15 * time.Minute)
	}
	return at
}

// TestDelayBounds: a bound belongs to what is before it.
func TestDelayBounds(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tally := newTally(Scope{Campaign: 1}, Survey{Began: began, Totals: Totals{First: began, Last: began}}, time.UTC)
	ordinal := int64(0)
	for _, bound := range DelayBounds() {
		for _, at := range []time.Duration{bound, bound + 1} {
			ordinal++
			tally.add(Visit{Ordinal: ordinal, Accepted: began, At: began.Add(at)})
		}
	}
	if got := tally.stats().Delays.People; !slices.Equal(got, []int64{1, 2, 2, 2, 2, 2, 2, 1}) {
		t.Errorf("%v", got)
	}
}

func TestVerdictsAreAll(t *testing.T) {
	t.Parallel()
	list := Verdicts()
	totals := Totals{ByVerdict: map[Verdict]int64{}}
	for i, v := range list {
		totals.ByVerdict[v] += int64(i + 1)
	}
	if len(totals.ByVerdict) != len(list) || list[0] != (Verdict{Human, NoReason}) {
		t.Errorf("%v", list)
	}
	if human, bot, ahead, again := totals.Of(Human), totals.Of(Bot), totals.Of(Prefetch), totals.Of(Duplicate); human != 1 || human+bot+ahead+again != 55 || ahead == 0 || again == 0 {
		t.Errorf("%d %d %d %d", human, bot, ahead, again)
	}
}
