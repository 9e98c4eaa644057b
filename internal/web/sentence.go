package web

import (
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// sayLimit is how many values of a list a sentence names.
const sayLimit = 3

// sayAudience writes a rule and whom the box leaves out as one sentence.
func (b *builder) sayAudience(r segment.Rule, rest rest) (string, error) {
	text, err := b.say(r)
	if err == nil && rest.Days > 0 {
		text = b.l.T("say.rest", text, rest.Days)
	}
	return text, err
}

// say writes a rule as one sentence, to check a query by reading it.
func (b *builder) say(r segment.Rule) (string, error) { return b.sayAt(r, 1) }

func (b *builder) sayAt(r segment.Rule, depth int) (string, error) {
	word, members := r.Members()
	if word == "" {
		return b.sayCondition(r)
	}
	if len(members) == 0 {
		return b.l.T("say.nobody"), nil
	}
	parts := make([]string, len(members))
	for i, m := range members {
		var err error
		if parts[i], err = b.sayAt(m, depth+1); err != nil {
			return "", err
		}
	}
	and := b.l.T("say.and")
	if word != "all" {
		and = b.l.T("say.or")
	}
	text := strings.Join(parts, and)
	switch {
	case word == "none":
		return b.l.T("say.none", text), nil
	case depth > 1 && len(parts) > 1:
		return b.l.T("say.group", text), nil
	}
	return text, nil
}

func (b *builder) sayCondition(r segment.Rule) (string, error) {
	f, ok := b.cat[r.Field]
	if !ok {
		return b.l.T("cond.bad.gone"), nil
	}
	subject, period, err := b.saySubject(f, r.Of)
	if err != nil {
		return "", err
	}
	value, err := b.sayValue(f, r)
	if err != nil {
		return "", err
	}
	text := b.l.TK("say."+string(f.Type), r.Op, subject, value)
	if r.Op == segment.OpBirthday && value == 0 {
		text = b.l.T("say.birthday_today", subject)
	}
	if period != "" {
		text = b.l.T("say.during", period, text)
	}
	return text, nil
}

// sayValue writes the value of a condition: a text, or the number of people chosen by hand.
func (b *builder) sayValue(f segment.Field, r segment.Rule) (any, error) {
	s := shape(f, r.Op)
	vals := texts(r.Value, s, minorDigits(b.l.currency))
	switch s {
	case shapePeople:
		return len(vals), nil
	case shapeCalendar:
		return b.l.TK("period."+string(r.Op), r.Unit), nil
	case shapeSpan:
		n, err := strconv.Atoi(strings.Join(vals, ""))
		if err != nil || r.Op == segment.OpBirthday && n == 0 {
			return n, nil // a rule that compiles has a number here
		}
		return b.l.TK("len", r.Unit, n), nil
	case shapeList:
		return b.sayList(f.Choices, vals, joinWord(r.Op))
	case shapeMoney, shapeMoneys:
		for i := range vals {
			vals[i] = moneySign(0, b.l.currency) + vals[i]
		}
	}
	text := strings.Join(vals, b.l.T("say.to"))
	if n, err := strconv.Atoi(strings.Join(vals, "")); f.Type == segment.Number && err == nil {
		text = b.l.T("say.counted", text, b.l.TK("suffix", f.Key, n))
	}
	return text, nil
}

// joinWord is the message between the values of a list.
func joinWord(op segment.Op) string {
	if op == segment.OpAllOf {
		return "say.list_and"
	}
	return "say.list_or"
}

// sayList names the first values of a list.
func (b *builder) sayList(of segment.Choices, vals []string, between string) (string, error) {
	labels, err := b.lists.labels(of, vals)
	if err != nil {
		return "", err
	}
	names := make([]string, 0, sayLimit)
	for _, v := range vals[:min(len(vals), sayLimit)] {
		label, ok := labels[v]
		if !ok {
			label = b.l.T("cond.value_gone", v)
		}
		names = append(names, b.sayName(of, label))
	}
	text := strings.Join(names, b.l.T(between))
	if len(vals) > sayLimit {
		text = b.l.T("say.more", text, len(vals))
	}
	return text, nil
}

// sayName marks names that people gave, so that they are told from the words around them.
func (b *builder) sayName(of segment.Choices, label string) string {
	switch of {
	case segment.OfferingChoices:
		return b.l.T("say.title", label)
	case segment.TagChoices, segment.InterestChoices, segment.LabelChoices, segment.CategoryChoices, segment.CampaignChoices, segment.ListChoices, segment.QueryChoices:
		return b.l.T("say.name", label)
	}
	return label
}

// saySubject names what a condition asks about, narrowed as it is, and the period apart.
func (b *builder) saySubject(f segment.Field, of *segment.Of) (subject, period string, err error) {
	chosen, w := narrowed(of)
	around := ""
	for _, n := range f.Narrow {
		if list := chosen[n]; len(list) > 0 {
			text, err := b.sayList(n.Choices(), list, "say.list_or")
			if err != nil {
				return "", "", err
			}
			if text = b.l.TK("say.of", n, text); around != "" {
				text = b.l.T("say.of_two", around, text)
			}
			around = text
		}
	}
	subject = b.l.label(f)
	switch {
	case around == "":
	case f.Key == "activity" && len(chosen[segment.ByType]) > 0: // what was done says it all
		subject = around
	default:
		subject = b.l.T("say.subject", subject, around)
	}
	return subject, b.sayWindow(w), nil
}

// sayWindow writes a period; empty: there is none.
func (b *builder) sayWindow(w window) string {
	switch {
	case w.Mode == windowLast:
		n, err := strconv.Atoi(w.N)
		if err != nil {
			return "" // a rule that compiles has a number here
		}
		return b.l.T("say.window.last", b.l.TK("len", w.Unit, n))
	case w.From != "" && w.To != "":
		return b.l.T("say.window.between", w.From, w.To)
	case w.From != "":
		return b.l.T("say.window.since", w.From)
	case w.To != "":
		return b.l.T("say.window.until", w.To)
	}
	return ""
}

// sayZero names the first condition that nobody meets, when that is why a list is empty.
func (b *builder) sayZero(r ruling, c segment.Counts) (string, error) {
	for i, part := range r.Rule.Paths() {
		if c.Matched == 0 && i < len(c.Members) && c.Members[i] == 0 && part.Rule.Field != "" {
			return b.sayCondition(part.Rule)
		}
	}
	return "", nil
}
