package proof

import (
	"time"

	"pgregory.net/rapid"

	"github.com/coursecrm/coursecrm/segment"
)

// rule draws a tree of at most depth groups over the whole catalogue.
func (s scene) rule(t *rapid.T, cat segment.Catalog, depth int) segment.Rule {
	if depth > 0 && rapid.Bool().Draw(t, "group") {
		var members []segment.Rule
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			members = append(members, s.rule(t, cat, depth-1))
		}
		return segment.Group(pick(t, "word", "all", "any", "none"), members...)
	}
	f := rapid.SampledFrom(cat.Fields()).Draw(t, "field")
	r := segment.Rule{Field: f.Key, Op: rapid.SampledFrom(f.Ops()).Draw(t, "op")}
	if units := r.Op.Units(); units != nil {
		r.Unit = rapid.SampledFrom(units).Draw(t, "unit")
	}
	r = segment.Condition(f.Key, r.Op, s.value(t, f, r.Op), r.Unit)
	r.Of = s.of(t, f)
	return r
}

// date draws a date near now, on the calendar of the place.
func (s scene) date(t *rapid.T, name string) time.Time {
	if rapid.Bool().Draw(t, name+" by months") {
		return s.now.AddDate(0, rapid.IntRange(-9, 2).Draw(t, name+" months"), 0)
	}
	return s.now.AddDate(0, 0, rapid.IntRange(-10, 4).Draw(t, name+" days"))
}

func (s scene) value(t *rapid.T, f segment.Field, op segment.Op) any {
	switch op {
	case segment.OpEmpty, segment.OpNotEmpty, segment.OpYes, segment.OpNo, segment.OpThis, segment.OpPrevious:
		return nil
	case segment.OpInLast, segment.OpNotInLast, segment.OpOlder, segment.OpInNext:
		return rapid.IntRange(1, 9).Draw(t, "n")
	case segment.OpBirthday:
		return rapid.IntRange(0, 12).Draw(t, "n")
	}
	switch f.Type {
	case segment.Time, segment.Date:
		day := s.date(t, "day")
		if f.Type == segment.Date && rapid.Bool().Draw(t, "of birth") {
			day = day.AddDate(-rapid.IntRange(0, 40).Draw(t, "ago"), 0, 0)
		}
		if op != segment.OpBetween {
			return day.Format(time.DateOnly)
		}
		return []string{day.Format(time.DateOnly), day.AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "span")).Format(time.DateOnly)}
	case segment.Number, segment.Money:
		if op == segment.OpBetween {
			from := s.number(t, f)
			return []int64{from, from + rapid.Int64Range(0, 3).Draw(t, "span")}
		}
		return s.number(t, f)
	case segment.Real:
		if op == segment.OpBetween {
			return []float64{pick(t, "from", 0, 1.5), pick(t, "to", 1.5, 2)}
		}
		return pick(t, "real", 0, 1.5, 2)
	case segment.String:
		return pick(t, "text", "a", "ANNA", "anna b", "安", "%", "O'Brien", "summer", "h1", "abc", "?")
	case segment.Word, segment.Words:
		list := f.Choices.Fixed()
		if list == nil {
			list = []string{"web", "wechat", "广东", "深圳", "gold", "考研", "数学", "s1", "s2"}
		}
		return rapid.SliceOfN(rapid.SampledFrom(list), 1, 3).Draw(t, "words")
	case segment.Queries:
		return rapid.SliceOfN(rapid.IntRange(13, 15), 1, 2).Draw(t, "queries") // behind those that come with the product
	}
	return rapid.SliceOfN(rapid.Int64Range(1, 5), 1, 3).Draw(t, "ids")
}

// number draws one near those that people have.
func (s scene) number(t *rapid.T, f segment.Field) int64 {
	switch f.Key {
	case "age":
		return rapid.Int64Range(0, 40).Draw(t, "age")
	case "progress":
		return pick(t, "percent", int64(0), 25, 40, 50, 75, 100)
	case "bought_price":
		return pick(t, "price", int64(0), 100, 150, 200)
	case "paid_total":
		return rapid.Int64Range(-2, 6).Draw(t, "sum")
	}
	return rapid.Int64Range(0, 6).Draw(t, "number")
}

// of draws a narrowing that the field takes, or none.
func (s scene) of(t *rapid.T, f segment.Field) *segment.Of {
	if len(f.Narrow) == 0 || rapid.Bool().Draw(t, "whole") {
		return nil
	}
	var of segment.Of
	for _, n := range f.Narrow {
		if rapid.Bool().Draw(t, "narrow") {
			continue
		}
		switch n {
		case segment.ByType:
			of.Types = []string{pick(t, "type", "view", "trial", "own")}
		case segment.ByOffering:
			of.Offerings = rapid.SliceOfN(rapid.Int64Range(1, 4), 1, 2).Draw(t, "offerings")
		case segment.ByCategory:
			of.Categories = []string{pick(t, "category", "考研", "数学", "none")}
		case segment.ByTag:
			of.Tags = rapid.SliceOfN(rapid.Int64Range(1, 2), 1, 2).Draw(t, "tags")
		case segment.ByChannel:
			of.Channels = []string{pick(t, "channel", "sms", "email")}
		case segment.ByCampaign:
			of.Campaigns = rapid.SliceOfN(rapid.Int64Range(1, 3), 1, 2).Draw(t, "campaigns")
		case segment.ByPeriod:
			of.Within = s.within(t)
		}
	}
	return &of
}

func (s scene) within(t *rapid.T) *segment.Within {
	if rapid.Bool().Draw(t, "last") {
		return &segment.Within{Last: rapid.Int64Range(1, 9).Draw(t, "last n"), Unit: pick(t, "last unit", segment.Hour, segment.Day, segment.Week, segment.Month)}
	}
	from := s.date(t, "from")
	w := &segment.Within{From: from.Format(time.DateOnly), To: from.AddDate(0, 0, rapid.IntRange(0, 30).Draw(t, "long")).Format(time.DateOnly)}
	switch rapid.IntRange(0, 3).Draw(t, "open") {
	case 0:
		w.From = ""
	case 1:
		w.To = ""
	}
	return w
}
