package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

func idText(id segment.QueryID) string { return strconv.FormatInt(int64(id), 10) }

// whyValues is how many values of a set are named.
const whyValues = 10

// value writes what a person has of a field; when is set for moments.
func (x explainer) value(f segment.Field, v segment.Value) (has, when string, err error) {
	l := x.l
	if v.Missing {
		return l.T("none.none"), "", nil
	}
	switch f.Type {
	case segment.Time:
		return v.At.In(l.loc).Format("2006-01-02 15:04"), l.distance(v.At), nil
	case segment.Date:
		return v.At.Format(time.DateOnly), "", nil
	case segment.Number:
		return l.ratio(v.Number, v.By), "", nil
	case segment.Money:
		return x.money(v), "", nil
	case segment.Real:
		return strconv.FormatFloat(v.Real, 'f', -1, 64), "", nil
	case segment.Flag:
		return l.TK("why.flag", v.Flag), "", nil
	case segment.Queries:
		return l.TK("why.query", v.Flag), "", nil
	case segment.String:
		return x.some(v.Words), "", nil
	case segment.IDs:
		return x.some(numberTexts(v.IDs, "#")), "", nil
	}
	values := v.Words
	if len(v.IDs) > 0 {
		values = numberTexts(v.IDs, "")
	}
	labels, err := x.lists.labels(f.Choices, values)
	if err != nil {
		return "", "", err
	}
	names := make([]string, len(values))
	for i, value := range values {
		var ok bool
		if names[i], ok = labels[value]; !ok {
			names[i] = value
			if len(v.IDs) > 0 {
				names[i] = l.T("cond.value_gone", value)
			}
		}
	}
	slices.Sort(names)
	return x.some(names), "", nil
}

func numberTexts(ids []int64, before string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = before + strconv.FormatInt(id, 10)
	}
	return out
}

// some names the first of a set, and how many there are when that is not all.
func (x explainer) some(names []string) string {
	if len(names) == 0 {
		return x.l.T("none.none")
	}
	text := strings.Join(names[:min(len(names), whyValues)], x.l.T("list.comma"))
	if len(names) > whyValues {
		return x.l.T("say.more", text, len(names))
	}
	return text
}

// money writes a sum, an average, or the prices of what was bought.
func (x explainer) money(v segment.Value) string {
	if len(v.IDs) > 0 {
		names := make([]string, len(v.IDs))
		for i, minor := range slices.Sorted(slices.Values(v.IDs)) {
			names[i] = x.l.Money(minor)
		}
		return x.some(slices.Compact(names))
	}
	if v.By > 1 {
		return x.l.Money((v.Number + v.By/2) / v.By)
	}
	return x.l.Money(v.Number)
}

// ratio writes n/by with at most two digits behind the point.
func (l *locale) ratio(n, by int64) string {
	if by <= 1 {
		return l.Num(n)
	}
	text := strconv.FormatFloat(float64(n)/float64(by), 'f', 2, 64)
	return thousands(strings.TrimRight(strings.TrimRight(text, "0"), "."))
}

// distance says how far a moment is from now.
func (l *locale) distance(t time.Time) string {
	if ahead := t.Sub(l.now()); ahead > 0 {
		return l.T("why.ahead", l.Duration(ahead))
	}
	return l.Ago(t)
}
