package web

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// pipeline is a school's courses; the first 21 people are on every tab of each.
type pipeline struct {
	rows       []funnel.Row
	growing    bool
	levels     map[segment.PersonID]funnel.Opined
	categories map[segment.PersonID]funnel.Category
	asked      []funnel.List
	wheres     []segment.Predicate
}

func newPipeline() pipeline {
	row := func(id funnel.OfferingID, kind h.TargetType, title string, price int64, f funnel.Figures) funnel.Row {
		return funnel.Row{Offering: funnel.Offering{ID: id, Target: h.Target{Type: kind, ID: title}, Title: title, Status: h.OfferingPublished, Price: price, Currency: "CNY", Categories: []string{"考研"}, Units: 32},
			Figures: f, Joined: [funnel.Weeks]int64{3, 0, 5, 8, 8, 9, 12, 18}}
	}
	p := pipeline{levels: map[segment.PersonID]funnel.Opined{}, categories: map[segment.PersonID]funnel.Category{}}
	p.rows = []funnel.Row{
		row(12, h.TargetCourse, "2026 考研数学全程班", 328000, funnel.Figures{Potential: 1842, Pending: 126, Enrolled: 618, Withdrawn: 17, Past: 40, Gross: 182431200, Refunded: 1200000, Open: 300000000, Refunding: 500000, Touched30: 1842, Paid30: 276}),
		row(13, h.TargetCourse, "<script>alert(1)</script>", 79900, funnel.Figures{Potential: 2306, Pending: 1, Open: 79900}),
		row(14, h.TargetCourse, "高等数学公开课", 0, funnel.Figures{}),
		row(15, h.TargetClassroom, "冲刺班", 100000, funnel.Figures{Potential: 1}),
	}
	p.rows[1].Categories = []string{"编程", "数据"}
	p.rows[2].Status, p.rows[2].Currency, p.rows[2].Categories = h.OfferingClosed, "", nil
	return p
}

func (w *world) newFunnels() *funnel.Service {
	return funnel.NewService((*funnelStore)(w), w.newSegments(), func() time.Time { return w.now })
}

type funnelStore world

func (s *funnelStore) List(_ context.Context, kind h.TargetType, _ time.Time) (funnel.Listing, error) {
	l := funnel.Listing{Recent: 61248000, Closing: 25388200, Ready: !s.funnels.growing}
	for _, r := range s.funnels.rows {
		if r.Target.Type == kind {
			l.Rows = append(l.Rows, r)
		}
	}
	return l, s.fail
}

func (s *funnelStore) View(_ context.Context, id funnel.OfferingID, p funnel.Period, _ time.Time) (funnel.View, error) {
	for _, r := range s.funnels.rows {
		if r.ID != id {
			continue
		}
		v := funnel.View{Offering: r.Offering, Figures: r.Figures, Ready: !s.funnels.growing}
		if r.Potential > 0 {
			v.Strip = funnel.Strip{Viewed: 9460, Intended: 1842, Ordered: 402, Paid: 276, Started: 251}
			if p > 0 {
				v.Strip.Before = 8416
			}
		}
		for i, l := range funnel.Levels() {
			v.Levels = append(v.Levels, funnel.LevelFigures{Level: l, People: int64(100 * i), Sample: int64(50 * i), Converted: int64(3 * i)})
		}
		for _, o := range s.funnels.levels { // what staff say moves people
			for i := range v.Levels {
				if v.Levels[i].Level == o.Level {
					v.Levels[i].People++
				}
			}
		}
		v.Behaviours = []funnel.BehaviourFigure{{Type: h.ActivityView, People: 1204}, {Type: h.ActivityTrial, People: 688}}
		return v, s.fail
	}
	return funnel.View{}, fault.ErrNotFound
}

func (s *funnelStore) People(_ context.Context, l funnel.List, where segment.Predicate, _ time.Time) (funnel.People, error) {
	s.funnels.asked, s.funnels.wheres = append(s.funnels.asked, l), append(s.funnels.wheres, where)
	out := funnel.People{Total: 21}
	people := s.people[:20]
	switch {
	case l.Offering == 14:
		return funnel.People{}, s.fail
	case l.Rule.All == nil && l.Rule.Field == "learner":
		id := int(l.Rule.Value[1]-'0') - 1 // people 1 to 9 are looked for
		people = s.people[id : id+1]
	case l.After != "":
		people = s.people[20:21]
	default:
		out.Next = "20"
	}
	for _, p := range people {
		out.Pairs = append(out.Pairs, s.pair(p, l))
	}
	return out, s.fail
}

func (s *funnelStore) pair(who segment.Person, l funnel.List) funnel.Pair {
	now := s.now
	p := funnel.Pair{Person: who, Stage: l.Stage, Past: l.Past, Level: funnel.Medium, Score: 4.2, At: now.Add(-time.Hour)}
	if o, set := s.funnels.levels[who.ID]; set {
		p.Level, p.SetLevel = o.Level, o.Level != ""
	}
	switch {
	case l.Past || l.Stage == funnel.Enrolled:
		p.Place = funnel.Place{Done: 8, Units: 32, JoinedAt: now.AddDate(0, -2, 0), ExpiresAt: now.AddDate(0, 0, 20), ViaClassroom: who.ID == 2}
		if who.ID == 3 {
			p.Place.Units, p.Place.CompletedAt, p.Place.ExpiresAt = 0, now, time.Time{}
		}
	case l.Stage == funnel.Potential:
		if who.ID != 4 {
			p.Behaviours = []funnel.Behaviour{{Type: h.ActivityQuestion, Times: 1, Last: now.Add(-time.Hour)}, {Type: h.ActivityView, Times: 6, Last: now.Add(-2 * time.Hour)}}
		}
	case l.Stage == funnel.Pending:
		p.Orders = []funnel.OpenOrder{{SN: "<b>C1</b>", Amount: 328000, Currency: "CNY", PlacedAt: now.Add(-30 * time.Hour), ClosesAt: now.Add(3 * time.Hour)}, {SN: "C2", Amount: 1, Currency: "USD", PlacedAt: now}, {SN: "C3", Currency: "CNY", PlacedAt: now, ClosesAt: now.Add(-time.Hour)}}
	case l.Stage == funnel.Withdrawn:
		p.Exit = funnel.Exit{At: now, Reason: h.ExitSelf, Words: "<i>太贵</i>", Refunded: 328000, Done: 3, Units: 32, Category: s.funnels.categories[who.ID]}
		if who.ID == 2 {
			p.Exit = funnel.Exit{At: now}
		}
	}
	return p
}

func (s *funnelStore) SetLevel(_ context.Context, by h.Staff, o funnel.Opinion, now time.Time) (funnel.Opined, error) {
	if int(o.Learner) > len(s.people) {
		return funnel.Opined{}, fault.ErrNotFound
	}
	out := funnel.Opined{Level: o.Level, Before: funnel.Medium, Reason: o.Reason, By: by.Name, At: now}
	s.funnels.levels[o.Learner] = out
	return out, s.fail
}

func (s *funnelStore) Opinions(_ context.Context, who segment.PersonID, _ funnel.OfferingID) ([]funnel.Opined, error) {
	if o, set := s.funnels.levels[who]; set {
		return []funnel.Opined{o, {Before: funnel.High, By: "<b>周敏</b>", At: s.now}}, s.fail
	}
	return nil, s.fail
}

func (s *funnelStore) SetCategory(_ context.Context, _ h.Staff, who segment.PersonID, _ funnel.OfferingID, c funnel.Category, _ time.Time) error {
	s.funnels.categories[who] = c
	return s.fail
}

func (s *funnelStore) Exits(_ context.Context, _ funnel.OfferingID, now time.Time) (funnel.Exits, error) {
	e := funnel.Exits{People: 17, Reasons: []funnel.Share{{Key: "price", People: 9}, {Key: "host:self", People: 5}, {Key: "host:", People: 3}},
		ByProgress: []funnel.Share{{Key: "10", People: 12}, {Key: "", People: 5}}, ByDays: []funnel.Share{{Key: "7", People: 17}}, ByMonth: []funnel.Share{{Key: "2026-11", People: 17}}, Words: []funnel.Share{{Key: "<i>太贵</i>", People: 2}}}
	e.Arrange(now)
	return e, s.fail
}

// offeringPrefixes adds the words of the pages about courses and classrooms.
func offeringPrefixes(out map[string][]string) {
	kinds, bands := []string{string(h.TargetCourse), string(h.TargetClassroom)}, []string{"unknown", "0", "10", "30", "60", "100"}
	tabs := words(funnel.Tabs())
	out["nav"] = append(out["nav"], "courses", "classrooms")
	for _, p := range []string{"title", "intro", "search", "shown", "empty"} {
		out["offerings."+p] = kinds
	}
	out["offering.status"], out["offering.head"], out["offering.sort"] = words(offeringStatuses()), words(funnel.Sorts()), words(funnel.Sorts())
	for _, p := range []string{"tab", "act", "nobody", "nobody_why"} {
		out["offering."+p] = tabs
	}
	out["offering.act_one"], out["offering.tab_short"] = []string{string(funnel.TabPending)}, []string{"potential", "pending", "enrolled", "withdrawn"}
	out["offering.behaviour"], out["offering.level"], out["offering.category"] = words(funnel.Behaviours()), words(funnel.Levels()), words(funnel.Categories())
	out["offering.period"], out["offering.step"] = []string{"7", "30", "all"}, []string{"viewed", "intended", "ordered", "paid", "started"}
	out["offering.of_step"] = out["offering.step"][1:]
	out["offering.study"], out["offering.mark"] = words(funnel.Studies()), append(words(funnel.Studies()), "classroom")
	out["offering.exit"] = []string{"unknown", string(h.ExitSelf), string(h.ExitRemoved), string(h.ExitRefund), string(h.ExitExpired), string(h.ExitClassroom)}
	out["offering.exits"], out["offering.progress"] = []string{"reasons", "progress", "days", "months"}, bands
	out["offering.since"] = []string{"unknown", "0", "7", "30", "90"}
	for _, c := range offeringExporters() {
		out["offering.column"] = append(out["offering.column"], c.key)
	}
}
