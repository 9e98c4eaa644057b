package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// TestNumbersOpenTheirPeople holds that an audience has as many people as the figure beside it.
func TestNumbersOpenTheirPeople(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, 4)
	stats, err := shortlink.NewStatistics(f.stores).Stats(t.Context(), shortlink.Scope{Campaign: int64(f.id)}, site.Location)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want int64, conditions ...segment.Rule) {
		t.Helper()
		got, err := f.segments.Count(t.Context(), segment.Group("all", conditions...))
		if err != nil || got.Matched != want || want == 0 {
			t.Errorf("%v: %d people, %v; the figure is %d", conditions, got.Matched, err, want)
		}
	}
	clicked := segment.Condition("clicked", segment.OpAnyOf, []int64{int64(f.id)}, "")
	ask(stats.People, clicked)
	for _, p := range stats.Provinces {
		if p.Name == "" {
			ask(p.People, clicked, segment.Condition("province", segment.OpEmpty, nil, ""))
		} else {
			ask(p.People, clicked, segment.Condition("province", segment.OpIn, []string{p.Name}, ""))
		}
	}
	for _, l := range stats.Links {
		on := clicked
		on.Of = &segment.Of{Links: []int64{int64(l.ID)}}
		ask(l.People, on)
	}
	for _, day := range stats.Days {
		if day.People > 0 {
			c := segment.Condition("clicks", segment.OpGe, 1, "")
			date := day.From.Format(time.DateOnly)
			c.Of = &segment.Of{Campaigns: []int64{int64(f.id)}, Within: &segment.Within{From: date, To: date}}
			ask(day.People, c)
		}
	}
}

func TestStatsOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, 5)
	s := shortlink.NewStatistics(f.stores)
	for _, of := range []shortlink.Scope{{Campaign: 404}, {Campaign: int64(f.id), Link: 404}, {Campaign: int64(f.id), Link: f.trap}, {Link: f.links[0]}, {Link: 404}} {
		if got, err := s.Stats(t.Context(), of, time.UTC); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%+v: %+v, %v", of, got, err)
		}
	}
	got, err := s.Stats(t.Context(), shortlink.Scope{Campaign: int64(f.unpublished)}, time.UTC)
	if err != nil || got.Hits != 0 || got.Hours != nil || got.Days != nil || got.Devices != nil {
		t.Errorf("before it is sent: %+v, %v", got, err)
	}
}

// TestFreeLinkStats counts visitors, of whom nobody is known.
func TestFreeLinkStats(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	var links []shortlink.LinkID
	for i := range 3 {
		l, err := s.free.Create(t.Context(), fmt.Sprint("form", i), shortlink.FreeForm{Title: "海报", Target: "https://learn.example/"}, marketer)
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, l.ID)
	}
	random := rand.New(rand.NewPCG(1, 1))
	var b shortlink.Batch
	for _, text := range agentTexts {
		b.Agents = append(b.Agents, shortlink.ReadAgent(text))
	}
	people := map[shortlink.LinkID]sets{links[0]: {}, links[1]: {}}
	for i := range 400 {
		h := shortlink.Hit{ID: random.Int64(), At: s.now.Add(time.Duration(random.Int64N(int64(72 * time.Hour)))).Truncate(time.Microsecond), Link: links[random.IntN(2)],
			Agent: b.Agents[random.IntN(3)].ID, Visitor: random.Int64N(5), Kind: shortlink.Human}
		if i < 2 { // two at the same moment, of whom nothing is known
			h.At, h.Link, h.Agent, h.Visitor = s.now, links[0], b.Agents[0].ID, 0
		}
		who := fmt.Sprint(h.At.UTC().Format(time.DateOnly), h.Visitor, h.Agent)
		if h.Visitor == 0 {
			who = fmt.Sprint("hit ", i)
		}
		if i > 1 && random.IntN(4) == 0 {
			h.Kind, h.Reason = shortlink.Duplicate, shortlink.ReasonRepeat
		} else {
			people[h.Link].add(who, 0)
		}
		b.Hits = append(b.Hits, h)
	}
	if err := enterNow(t.Context(), s.stores, b); err != nil {
		t.Fatal(err)
	}
	service := shortlink.NewStatistics(s.stores)
	totals, err := service.LinkTotals(t.Context(), links)
	if err != nil || len(totals) != 2 {
		t.Fatalf("%+v, %v", totals, err)
	}
	for link, who := range people {
		stats, err := service.Stats(t.Context(), shortlink.Scope{Link: link}, time.UTC)
		if err != nil || !reflect.DeepEqual(stats.Totals, totals[link]) || stats.People != int64(len(who)) || stats.Of(shortlink.Human) == 0 ||
			!stats.Hours[0].From.Equal(stats.First.Truncate(time.Hour)) || stats.Links != nil || stats.Provinces != nil || stats.Delays.People != nil {
			t.Errorf("%+v, in the list %+v, %d people: %v", stats.Totals, totals[link], len(who), err)
		}
	}
	if none, err := service.Stats(t.Context(), shortlink.Scope{Link: links[2]}, time.UTC); err != nil || none.Hits != 0 || none.Hours != nil || none.People != 0 {
		t.Errorf("never followed: %+v, %v", none, err)
	}
}
