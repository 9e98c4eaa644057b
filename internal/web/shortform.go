package web

import (
	"net/url"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// linkForm is the form of a link made by staff.
type linkForm struct {
	URL      string
	Key      string // of a new link's form
	Version  int64  // of a link that is changed
	Fields   []fieldView
	UTM      []fieldView
	Open     bool   // something stands in the UTM fields
	Locked   bool   // the name cannot change
	Slug     string // then
	Conflict bool   // somebody else changed it meanwhile
	Problems []said
}

// shortFields are the fields of the form, in order; the last one has no input.
func shortFields() []string {
	return append(append(mainShortFields(), utmFields()...), "key")
}

func mainShortFields() []string { return []string{"title", "target", "slug", "expires"} }

func utmFields() []string {
	return []string{"utm.source", "utm.medium", "utm.campaign", "utm.content", "utm.term"}
}

// newLinkForm shows what a link says.
func (w *Web) newLinkForm(q *request, in shortlink.FreeForm, problems fault.Fields) linkForm {
	l := w.locale(q)
	form := linkForm{Slug: in.Slug}
	field := func(name, value string) fieldView {
		f := fieldView{Field: name, Name: name, Value: value, Label: l.TK("short.field", name), Problem: problems[name]}
		switch name {
		case "title":
			f.Hint = l.T("short.hint.title")
		case "target":
			f.Type, f.Hint = "url", l.T("short.hint.target")
		case "slug":
			f.Hint = l.T("short.hint.slug", w.shortBase(), shortlink.MinSlug, shortlink.MaxSlug)
		case "expires":
			f.Type, f.Hint = "datetime-local", l.T("short.hint.expires", l.zone())
		default:
			f.Hint = l.TK("short.hint", name)
		}
		return f
	}
	values := map[string]string{"title": in.Title, "target": in.Target, "slug": in.Slug, "expires": w.shortTime(in.Expires),
		"utm.source": in.UTM.Source, "utm.medium": in.UTM.Medium, "utm.campaign": in.UTM.Campaign, "utm.content": in.UTM.Content, "utm.term": in.UTM.Term}
	for _, name := range mainShortFields() {
		form.Fields = append(form.Fields, field(name, values[name]))
	}
	for _, name := range utmFields() {
		form.UTM = append(form.UTM, field(name, values[name]))
		form.Open = form.Open || values[name] != "" || problems[name].Key != ""
	}
	for _, name := range shortFields() {
		if p, ok := problems[name]; ok {
			s := said{Label: l.TK("short.field", name), URL: "#" + fieldID(name), Problem: p}
			if name == "key" {
				s.URL = ""
			}
			form.Problems = append(form.Problems, s)
		}
	}
	return form
}

// typed shows what was typed instead, also where it makes no sense.
func (f linkForm) typed(form url.Values) linkForm {
	for _, list := range [][]fieldView{f.Fields, f.UTM} {
		for i := range list {
			if name := list[i].Name; form.Has(name) {
				list[i].Value = desk.Clean(form.Get(name))
			}
		}
	}
	return f
}
