package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

// fillView is what a text asks for: values of its parameters, what to write where a learner's are
// missing, and where its link leads.
type fillView struct {
	Params    []fieldView
	Fallbacks []fieldView
	Link      *fieldView // nil: the text has none
	Known     string     // names the fields; other ones have to be drawn
	Step      stepView
	OOB       bool
}

// Empty reports whether the text asks for nothing.
func (v fillView) Empty() bool { return len(v.Params)+len(v.Fallbacks) == 0 && v.Link == nil }

func (w *Web) fillView(q *request, c *composing) fillView {
	var v fillView
	l, fill := w.locale(q), c.d.Fill
	personal, params, usesLink, _ := campaign.Mentions(c.d.Channel, desk.ContentFor(c.d.Channel, c.d.Content))
	known := []string{string(c.d.Channel)}
	for _, name := range params {
		f := fieldView{Field: "params." + name, Name: "param." + name, Label: l.parameter(name), Value: fill.Params[name], Problem: c.problems["params."+name]}
		if name == "course" || name == "classroom" {
			f.List, f.Find = name+"-list", w.paths.Offerings(values("of", name))
			f.Hint = l.T("fill.choose")
		}
		v.Params, known = append(v.Params, f), append(known, f.Field)
	}
	for _, x := range personal {
		f := fieldView{Field: "fallbacks." + x.Name, Name: "fallback." + x.Name, Label: l.T("fill.fallback", l.variable(x)), Value: fill.Fallbacks[x.Name],
			Problem: c.problems["fallbacks."+x.Name]}
		f.Hint = l.missing(x, lacking(c.d), nil)
		v.Fallbacks, known = append(v.Fallbacks, f), append(known, f.Field)
	}
	if usesLink || fill.Link != "" {
		v.Link = &fieldView{Field: "link", Name: "link", Type: "url", Keys: "url", Value: fill.Link, Problem: c.problems["link"],
			Label: l.TK("composer.field", "link"), Hint: l.T("fill.link_why", shortForm(w.Campaigns.Settings().PublicURL))}
		known = append(known, "link")
	}
	v.Known = hash(strings.Join(known, "\x00"))
	return v
}

// shortForm is what a short address looks like, without its scheme.
func shortForm(publicURL string) string {
	_, rest, ok := strings.Cut(publicURL, "://")
	if !ok {
		rest = publicURL
	}
	return rest + "/k7Ad2fXq"
}

// lacking lists the variables without which a person is left out.
func lacking(d campaign.Draft) []string {
	var out []string
	for _, x := range campaign.Check(d.Channel, desk.ContentFor(d.Channel, d.Content), d.Fill) {
		if name, ok := strings.CutPrefix(x.Field, "fallbacks."); ok && x.Key == "warning.fallback" {
			out = append(out, name)
		}
	}
	return out
}

// missing says what becomes of those who lack a variable; sum is nil when nobody was counted. How
// many they are is known when it is the only variable that people are left out for.
func (l *locale) missing(v campaign.Variable, lacking []string, sum *campaign.Sum) string {
	name := l.variable(v)
	switch {
	case !slices.Contains(lacking, v.Name):
		return l.T("fill.covered")
	case sum != nil && len(lacking) == 1 && sum.Excluded[campaign.NoVariable] == 0:
		return l.T("fill.missing_none", name)
	case sum != nil && len(lacking) == 1:
		return l.T("fill.missing_n", sum.Excluded[campaign.NoVariable], name)
	}
	return l.T("fill.missing", name)
}

// offeringPage is a list of courses to choose from.
type offeringPage struct {
	ID    string
	Items []segment.Choice
}

// offeringLimit is how many courses a list holds; the others are found by typing.
const offeringLimit = 100

// offeringsOf lists the school's courses or classrooms by title.
func (w *Web) offeringsOf(q *request, of, search string) ([]segment.Choice, error) {
	list, err := w.Segments.Choices(q.ctx(), segment.OfferingChoices, search, 3*offeringLimit)
	if err != nil {
		return nil, err
	}
	kind := string(hostadapter.TargetCourse)
	if of == "classroom" {
		kind = string(hostadapter.TargetClassroom)
	}
	list = slices.DeleteFunc(list, func(c segment.Choice) bool { return c.Note != kind })
	return list[:min(len(list), offeringLimit)], nil
}

// courseLists are what the form's fields choose from. A list that no field uses yet is empty; it is
// filled when one is typed into.
func (w *Web) courseLists(q *request, p *composerPage) ([]offeringPage, error) {
	out := []offeringPage{{ID: "course-list"}, {ID: "classroom-list"}}
	fields := slices.Clone(p.Fill.Params)
	for _, b := range p.Content.Blocks {
		fields = append(fields, b.Fields...)
	}
	for i, of := range []string{"course", "classroom"} {
		if !slices.ContainsFunc(fields, func(f fieldView) bool { return f.List == out[i].ID }) {
			continue
		}
		var err error
		if out[i].Items, err = w.offeringsOf(q, of, ""); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// offerings answers the search of a list: the field that is typed into is the search.
func (w *Web) offerings(q *request) error {
	v := q.r.URL.Query()
	of := "course"
	if v.Get("of") == "classroom" {
		of = "classroom"
	}
	list, err := w.offeringsOf(q, of, strings.TrimSpace(searched(v)))
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "composer#offering-items", offeringPage{of + "-list", list})
}

// searched is what stands in the one field besides "of".
func searched(v url.Values) string {
	for name := range v {
		if name != "of" {
			return v.Get(name)
		}
	}
	return ""
}
