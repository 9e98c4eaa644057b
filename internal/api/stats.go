package api

import (
	"time"

	"github.com/coursecrm/coursecrm/shortlink"
)

// statsView is the clicks of a campaign, of one of its links, or of a free link. Only hits and
// kinds count what programs do.
type statsView struct {
	Hits      int64        `json:"hits" doc:"Raw."`
	People    int64        `json:"people" doc:"Of a free link: visitors, each counted once a day."`
	Sent      int64        `json:"sent" doc:"Of a campaign: what rates are of."`
	First     time.Time    `json:"first,omitzero"`
	Last      time.Time    `json:"last,omitzero"`
	Kinds     []kindView   `json:"kinds" doc:"What the hits are taken for."`
	Hours     []periodView `json:"hours" doc:"The first hours."`
	Days      []periodView `json:"days" doc:"From midnight to midnight in the site's zone."`
	Devices   []partView   `json:"devices"`
	Apps      []partView   `json:"apps"`
	Systems   []partView   `json:"systems"`
	Provinces []partView   `json:"provinces"`
	Delays    delaysView   `json:"delays"`
	Links     []linkStats  `json:"links" doc:"Of a campaign."`
}

type kindView struct {
	Kind   shortlink.Kind   `json:"kind"`
	Reason shortlink.Reason `json:"reason,omitempty"`
	Hits   int64            `json:"hits"`
}

type periodView struct {
	From   time.Time `json:"from"`
	People int64     `json:"people"`
	Hits   int64     `json:"hits"`
}

type partView struct {
	Name   string `json:"name,omitempty" doc:"Absent: not known."`
	People int64  `json:"people"`
	Hits   int64  `json:"hits"`
}

// delaysView is how long people took from when the provider took the message to their first click.
type delaysView struct {
	Buckets  []delayView `json:"buckets"`
	Unknown  int64       `json:"unknown"`
	MedianMS int64       `json:"median_ms"`
}

type delayView struct {
	UpToMS int64 `json:"up_to_ms,omitempty" doc:"Absent: longer than the ones before."`
	People int64 `json:"people"`
}

type linkStats struct {
	ID     shortlink.LinkID `json:"id"`
	Target string           `json:"target"`
	Hits   int64            `json:"hits"`
	Human  int64            `json:"human"`
	People int64            `json:"people"`
	First  time.Time        `json:"first,omitzero"`
}

func statsOf(s shortlink.Stats) statsView {
	part := func(p shortlink.Part) partView { return partView(p) }
	period := func(p shortlink.Period) periodView { return periodView{p.From.UTC(), p.People, p.Hits} }
	v := statsView{Hits: s.Hits, People: s.People, Sent: s.Sent, First: s.First, Last: s.Last, Kinds: []kindView{}, Hours: each(s.Hours, period), Days: each(s.Days, period),
		Devices: each(s.Devices, part), Apps: each(s.Apps, part), Systems: each(s.Systems, part), Provinces: each(s.Provinces, part),
		Links: each(s.Links, func(l shortlink.LinkStats) linkStats { return linkStats(l) })}
	for _, verdict := range shortlink.Verdicts() {
		if n := s.ByVerdict[verdict]; n > 0 {
			v.Kinds = append(v.Kinds, kindView{verdict.Kind, verdict.Reason, n})
		}
	}
	v.Delays = delaysView{[]delayView{}, s.Delays.Unknown, s.Delays.Median.Milliseconds()}
	bounds := shortlink.DelayBounds()
	for i, n := range s.Delays.People {
		d := delayView{People: n}
		if i < len(bounds) {
			d.UpToMS = bounds[i].Milliseconds()
		}
		v.Delays.Buckets = append(v.Delays.Buckets, d)
	}
	return v
}
