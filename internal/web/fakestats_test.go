package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// statStore counts who followed links: campaign 12 has two, the free link 1 was followed too.
type statStore world

// EachVisit tells of 40 people, of whom every fourth clicked both links of campaign 12.
func (s *statStore) EachVisit(_ context.Context, of shortlink.Scope, survey func(shortlink.Survey), each func(shortlink.Visit)) error {
	known, visits := s.visits(of)
	if of.Link != 0 && len(known.Links) == 0 {
		return cmp.Or(s.fail, fault.ErrNotFound)
	}
	survey(known)
	for _, v := range visits {
		each(v)
	}
	return s.fail
}

func (s *statStore) visits(of shortlink.Scope) (known shortlink.Survey, out []shortlink.Visit) {
	began := s.now.Add(-35 * time.Minute).UTC()
	switch {
	case of.Campaign == 12:
		known.Began, known.Sent = began, 6390
		known.Links = []shortlink.LinkStats{{ID: 7, Target: "https://www.example.com/course/318?a=1&b=2"}, {ID: 8, Target: "https://www.example.com/<i>8</i>"}}
	case of.Campaign != 0:
		if c, err := (*campaignStore)(s).Find(context.Background(), campaign.ID(of.Campaign)); err == nil {
			known.Began = c.PlannedAt
		}
		return known, nil
	case of.Link == 1:
		known.Links = []shortlink.LinkStats{{ID: 1, Target: "https://www.example.com/"}}
	case int(of.Link) <= len(s.links):
		known.Links = []shortlink.LinkStats{{ID: of.Link}}
		return known, nil
	default:
		return known, nil
	}
	known.Links = slices.DeleteFunc(known.Links, func(l shortlink.LinkStats) bool { return of.Link != 0 && l.ID != of.Link })
	if len(known.Links) == 0 {
		return known, nil
	}
	for n := range 40 {
		for _, l := range known.Links {
			if l.ID == 8 && n%4 != 0 {
				continue
			}
			a := shortlink.ReadAgent([]string{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36"}[n%3%2])
			out = append(out, shortlink.Visit{Link: l.ID, At: began.Add(time.Duration(n*n) * time.Second), Ordinal: int64(n), Visitor: int64(n), Agent: a.ID, Device: a.Device, App: a.App, OS: a.OS,
				Accepted: began, Province: s.province(n)})
		}
	}
	known.First, known.Last, known.Hits = out[0].At, out[len(out)-1].At, int64(len(out))+100
	known.ByVerdict = map[shortlink.Verdict]int64{{Kind: shortlink.Human}: int64(len(out))}
	for i, v := range shortlink.Verdicts()[1:] {
		known.ByVerdict[v] = int64(i + 1)
	}
	known.ByVerdict[shortlink.Verdicts()[1]] += 100 - 45
	for i := range known.Links {
		l := &known.Links[i]
		for _, v := range out {
			if v.Link == l.ID {
				l.Human, l.Hits, l.First = l.Human+1, l.Hits+2, out[0].At
			}
		}
	}
	return known, out
}

// province makes more provinces than a page shows; one is no province, and one is not known.
func (s *statStore) province(n int) string {
	switch n % 20 {
	case 0:
		return ""
	case 1:
		return `"><script>alert(1)</script>`
	}
	return fmt.Sprintf("省 %02d", n%20)
}

func (s *statStore) LinkTotals(context.Context, []shortlink.LinkID) (map[shortlink.LinkID]shortlink.Totals, error) {
	return map[shortlink.LinkID]shortlink.Totals{1: {Hits: 1678, People: 1506}}, s.fail
}
