package shortlink

import (
	"cmp"
	"slices"
	"time"
)

// Survey is what is known of a scope before its human hits are gone through one by one.
type Survey struct {
	Totals             // but for People
	Sent   int64       // as in Stats
	Began  time.Time   // when a campaign's sending began, UTC; zero: it has not, or nothing is sent
	Links  []LinkStats // those that people see, but for People
}

// Visit is a human hit as Stats need it.
type Visit struct {
	Link    LinkID
	At      time.Time
	Ordinal int64 // of the recipient within the campaign
	Visitor int64 // as in Hit; of free links only
	Agent   AgentID
	Device  Device
	App     App
	OS      OS
	// Of the recipient of a campaign, where they are known:
	Accepted time.Time // when the provider took the message
	Province string
}

// tally makes Stats of visits in which those of one person stand together, so that it remembers one
// person at a time, however many there are, and of the others a number each.
type tally struct {
	Stats
	of     Scope
	loc    *time.Location
	hourly time.Time
	daily  int64
	links  map[LinkID]*int64   // people
	parts  [4]map[string]*Part // by device, app, system and province
	last   Visit               // of the present person
	first  time.Time           // when the present person came first
	delays []time.Duration     // of the others
	seen   map[*int64]bool     // counters that the present person is in
}

func newTally(of Scope, s Survey, loc *time.Location) *tally {
	t := &tally{Stats: Stats{Totals: s.Totals, Sent: s.Sent, Links: slices.Clone(s.Links)}, of: of, loc: loc, links: map[LinkID]*int64{}, seen: map[*int64]bool{}}
	if of.Campaign == 0 {
		t.Links = nil // there is nothing to compare
	}
	for i := range t.Links {
		t.links[t.Links[i].ID] = &t.Links[i].People
	}
	for i := range t.parts {
		t.parts[i] = map[string]*Part{}
	}
	began := s.Began
	if began.IsZero() {
		began = s.First
	}
	if !began.IsZero() {
		t.layHours(began)
	}
	if !s.Last.IsZero() {
		if s.First.Before(began) { // somebody's clock was wrong
			began = s.First
		}
		t.layDays(began, s.Last)
	}
	return t
}

// layHours begins with the hour of the clock in which a moment is.
func (t *tally) layHours(began time.Time) {
	at := began.In(t.loc)
	past := time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
	t.hourly = at.Add(-past)
	t.Hours = make([]Period, StatHours)
	for i := range t.Hours {
		t.Hours[i].From = t.hourly.Add(time.Duration(i) * time.Hour)
	}
}

func (t *tally) layDays(first, last time.Time) {
	t.daily = max(dayNumber(first.In(t.loc)), dayNumber(last.In(t.loc))-StatDays+1)
	t.Days = make([]Period, dayNumber(last.In(t.loc))-t.daily+1)
	for i := range t.Days {
		t.Days[i].From = dayBegin(t.daily+int64(i), t.loc)
	}
}

const secondsOfDay = 24 * 60 * 60

// dayNumber numbers the calendar days of a time's own zone.
func dayNumber(at time.Time) int64 {
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay
}

// dayBegin is the first moment of a numbered day, which is not midnight where clocks change then.
func dayBegin(day int64, loc *time.Location) time.Time {
	y, m, d := time.Unix(day*secondsOfDay, 0).UTC().Date()
	at := time.Date(y, m, d, 0, 0, 0, 0, loc)
	if at.Day() != d {
		at = at.Add(time.Hour)
	}
	return at
}

// add counts a visit.
func (t *tally) add(v Visit) {
	if t.People == 0 || !t.same(v) {
		t.leave()
		t.first = v.At
	}
	if v.At.Before(t.first) {
		t.first = v.At
	}
	t.last = v
	t.once(&t.People)
	if people := t.links[v.Link]; people != nil {
		t.once(people)
	}
	if since := v.At.Sub(t.hourly); since >= 0 { // before, a part of an hour would count as none
		t.during(t.Hours, int64(since/time.Hour))
	}
	t.during(t.Days, dayNumber(v.At.In(t.loc))-t.daily)
	t.part(0, string(v.Device))
	t.part(1, string(v.App))
	t.part(2, string(v.OS))
	if t.of.Campaign != 0 {
		t.part(3, v.Province)
	}
}

// leave ends with the present person.
func (t *tally) leave() {
	clear(t.seen)
	switch {
	case t.People == 0 || t.of.Campaign == 0:
	case t.last.Accepted.IsZero():
		t.Delays.Unknown++
	default:
		t.delays = append(t.delays, t.first.Sub(t.last.Accepted))
	}
}

func (t *tally) part(i int, name string) {
	p := t.parts[i][name]
	if p == nil {
		p = &Part{Name: name}
		t.parts[i][name] = p
	}
	p.Hits++
	t.once(&p.People)
}

func (t *tally) during(periods []Period, i int64) {
	if i < 0 || i >= int64(len(periods)) {
		return
	}
	periods[i].Hits++
	t.once(&periods[i].People)
}

// once counts the present person where they have not been counted yet.
func (t *tally) once(people *int64) {
	if !t.seen[people] {
		t.seen[people] = true
		*people++
	}
}

// same reports whether a visit is by the person of the last one.
func (t *tally) same(v Visit) bool {
	if t.of.Campaign != 0 {
		return v.Ordinal == t.last.Ordinal
	}
	return v.Visitor != 0 && v.Visitor == t.last.Visitor && v.Agent == t.last.Agent && dayNumber(v.At.UTC()) == dayNumber(t.last.At.UTC())
}

// stats ends the tally.
func (t *tally) stats() Stats {
	t.leave()
	t.Devices, t.Apps, t.Systems, t.Provinces = ranked(t.parts[0]), ranked(t.parts[1]), ranked(t.parts[2]), ranked(t.parts[3])
	if t.of.Campaign == 0 || t.People == 0 {
		return t.Stats
	}
	bounds := DelayBounds()
	t.Delays.People = make([]int64, len(bounds)+1)
	for _, d := range t.delays {
		i, _ := slices.BinarySearch(bounds, d)
		t.Delays.People[i]++
	}
	if n := len(t.delays); n > 0 {
		slices.Sort(t.delays)
		t.Delays.Median = t.delays[(n-1)/2]
	}
	return t.Stats
}

// ranked puts those with more people first.
func ranked(parts map[string]*Part) []Part {
	var out []Part
	for _, p := range parts {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Name, b.Name))
	})
	return out
}
