package web

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// detailView is a field of a person.
type detailView struct {
	Label string
	Value template.HTML
	URL   string // empty: the value leads nowhere
}

// detailViews lists the fields that the head does not show; those of the host's own come last, by
// their keys.
func (w *Web) detailViews(q *request, d dossier.Details) []detailView {
	l := w.locale(q)
	inviter := detailView{Value: l.orNone(d.Inviter.Name)}
	if d.Inviter.ID != 0 {
		inviter.URL = w.paths.Person(d.Inviter.ID)
	} else if d.Inviter.HostID != "" {
		inviter.Value = l.orNone("#" + string(d.Inviter.HostID))
	}
	roles := make([]string, len(d.Roles))
	for i, r := range d.Roles {
		roles[i] = l.known("choice.role", string(r), []string{"student", "teacher", "staff", "system"})
	}
	inviter.Label = l.T("detail.inviter")
	out := []detailView{
		{l.T("detail.host_id"), l.orNone(string(d.HostID)), ""},
		{l.T("detail.roles"), l.orNone(strings.Join(roles, l.T("list.comma"))), ""},
		{l.T("detail.birthday"), l.orNone(dateOnly(d)), ""},
		{l.T("detail.mobile_verified"), l.yesNo(d.MobileVerified), ""},
		{l.T("detail.email_verified"), l.yesNo(d.EmailVerified), ""},
		{l.T("detail.device"), l.orNone(l.known("choice.device", string(d.Device), []string{"web", "ios", "android"})), ""},
		{l.T("detail.locale"), l.orNone(d.Locale), ""},
		inviter,
		{l.T("detail.member_from"), l.Date(d.LevelFrom, "none.none"), ""},
		{l.T("detail.updated"), l.When(d.UpdatedAt, "none.unknown"), ""},
	}
	for _, c := range d.Custom {
		out = append(out, detailView{c.Key, l.custom(c.Value), ""})
	}
	return out
}

// dateOnly writes a birthday, which is a date and no moment: it has no time zone.
func dateOnly(d dossier.Details) string {
	if d.Birthday.IsZero() {
		return ""
	}
	return d.Birthday.Format(dateLayout)
}

// orNone writes a text, or that there is none.
func (l *locale) orNone(text string) template.HTML {
	if text == "" {
		return l.muted("none.none")
	}
	return template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // escaped here
}

func (l *locale) yesNo(yes bool) template.HTML {
	if yes {
		return l.orNone(l.T("detail.yes"))
	}
	return l.orNone(l.T("detail.no"))
}

// known gives our word for one of a list, and any other as the host says it.
func (l *locale) known(prefix, word string, words []string) string {
	if slices.Contains(words, word) {
		return l.T(prefix + "." + word)
	}
	return word
}

func (l *locale) custom(v hostadapter.CustomValue) template.HTML {
	switch v.Kind {
	case hostadapter.CustomNumber:
		return l.orNone(strconv.FormatFloat(v.Number, 'f', -1, 64))
	case hostadapter.CustomDate:
		return l.Date(v.Date, "none.none")
	case hostadapter.CustomBool:
		return l.yesNo(v.Bool)
	case hostadapter.CustomText:
	}
	return l.orNone(v.Text)
}
