package web

import (
	"encoding/json"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// sayLimit is how many values of a list a sentence names.
const sayLimit = 3

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
	op := b.l.TK("op."+string(f.Type), r.Op)
	s := shape(f, r.Op)
	vals := texts(r.Value, s, minorDigits(b.l.currency))
	switch s {
	case shapeNone:
		return b.l.T("say.bare", b.l.label(f), op), nil
	case shapeSpan:
		return b.l.T("say.span", b.l.label(f), op, strings.Join(vals, ""), b.l.TK("span", r.Unit)), nil
	case shapePeople:
		var ids []json.RawMessage
		_ = json.Unmarshal(r.Value, &ids) // not a list: none are counted
		return b.l.T("say.people", b.l.label(f), op, len(ids)), nil
	case shapeList:
		labels, err := b.lists.labels(f.Choices, vals)
		if err != nil {
			return "", err
		}
		names := make([]string, 0, sayLimit)
		for i, v := range vals {
			if i == sayLimit {
				break
			}
			if label, ok := labels[v]; ok {
				v = label
			}
			names = append(names, v)
		}
		text := strings.Join(names, b.l.T("list.comma"))
		if len(vals) > sayLimit {
			text = b.l.T("say.more", text, len(vals))
		}
		return b.l.T("say.value", b.l.label(f), op, text), nil
	}
	if s == shapeMoney || s == shapeMoneys {
		for i := range vals {
			vals[i] = moneySign(0, b.l.currency) + vals[i]
		}
	}
	return b.l.T("say.value", b.l.label(f), op, strings.Join(vals, b.l.T("say.to"))), nil
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
