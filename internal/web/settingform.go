package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// quietField is a channel's quiet hours: two times of day.
type quietField struct {
	fieldView
	Channel     hostadapter.Channel
	From, Until string // as inputs of this type hold them; both empty: none
}

// boundsField is the sums that part spenders.
type boundsField struct {
	fieldView
	Values []string
}

// settingFact is something that only the configuration says.
type settingFact struct{ Label, Value string }

// settingFields are the fields of the form, in order.
func settingFields() []string {
	var out []string
	for _, k := range setting.Keys() {
		out = append(out, string(k))
	}
	return out
}

// newSettingPage shows the settings as they hold.
func (w *Web) newSettingPage(q *request, v setting.Values, stored setting.Stored, problems fault.Fields) settingPage {
	l, base := w.locale(q), w.Settings.Base()
	p := settingPage{Frame: w.frame(q, "setting.title", "settings"), Tabs: w.settingTabs("general"), URL: w.paths.Settings("general"),
		Version: stored.Version, By: nameOr(stored.ByName, stored.ByID), At: stored.At, Fixed: w.settingFacts(l)}
	digits := minorDigits(w.Currency)
	field := func(k setting.Key, value string) fieldView {
		f := fieldView{Field: string(k), Name: string(k), Value: value, Label: l.TK("setting.field", k), Problem: problems[string(k)], Hint: l.TK("setting.hint", k)}
		if changed := setting.Differences(base, v); changedKey(changed, k) {
			f.Hint += " " + l.T("setting.configured", w.settingText(l, k, base))
		}
		return f
	}
	whole := func(k setting.Key, n int64) fieldView {
		f := field(k, strconv.FormatInt(n, 10))
		f.Keys = "numeric"
		return f
	}
	p.Names = []fieldView{field(setting.SiteName, v.SiteName), field(setting.SiteAddress, v.SiteAddress)}
	p.Names[0].Max, p.Names[1].Max = setting.MaxSiteName, setting.MaxSiteAddress
	for _, k := range []setting.Key{setting.QuietSMS, setting.QuietEmail, setting.QuietMessage} {
		ch := setting.Channels()[k]
		x := quietField{fieldView: field(k, ""), Channel: ch}
		if hours := v.Quiet[ch]; hours.Start != hours.End {
			x.From, x.Until = clockInput(hours.Start), clockInput(hours.End)
		}
		p.Quiet = append(p.Quiet, x)
	}
	p.Sending = []fieldView{whole(setting.CapDays, int64(v.CapDays)), whole(setting.LateAfter, int64(v.LateAfter/time.Minute)), whole(setting.LargeSend, v.LargeSend)}
	p.Bounds = boundsField{fieldView: field(setting.SpendBounds, "")}
	for _, n := range v.SpendBounds {
		p.Bounds.Values = append(p.Bounds.Values, decimal(n, digits, true))
	}
	p.Keep = whole(setting.KeepMonths, int64(v.KeepMonths))
	for _, name := range settingFields() {
		if problem, ok := problems[name]; ok {
			p.Problems = append(p.Problems, said{Label: l.TK("setting.field", name), URL: "#" + fieldID(name), Problem: problem})
		}
	}
	return p
}

// clockInput is a time of day as its input holds it.
func clockInput(d time.Duration) string { return time.Time{}.Add(d).Format(clockLayout) }

func changedKey(list []setting.Change, k setting.Key) bool {
	for _, c := range list {
		if c.Key == k {
			return true
		}
	}
	return false
}

// settingText writes a value for people.
func (w *Web) settingText(l *locale, k setting.Key, v setting.Values) string {
	var text string
	switch x := v.Of(k).(type) {
	case string:
		text = x
	case int64:
		text = l.Num(x)
	case []int64:
		var parts []string
		for _, n := range x {
			parts = append(parts, l.Money(n))
		}
		text = strings.Join(parts, " / ")
	}
	if text == "" {
		return l.T("none.none")
	}
	return text
}

// typed shows what was typed instead, also where it makes no sense.
func (p *settingPage) typed(f url.Values) {
	for _, list := range [][]fieldView{p.Names, p.Sending} {
		for i := range list {
			list[i].Value = desk.Clean(f.Get(list[i].Name))
		}
	}
	p.Keep.Value = desk.Clean(f.Get(p.Keep.Name))
	for i := range p.Quiet {
		x := &p.Quiet[i]
		x.From, x.Until = desk.Clean(f.Get(x.Name+"_from")), desk.Clean(f.Get(x.Name+"_until"))
	}
	for i := range p.Bounds.Values {
		p.Bounds.Values[i] = ""
	}
	for len(p.Bounds.Values) < setting.SpendBands {
		p.Bounds.Values = append(p.Bounds.Values, "")
	}
	for i, typed := range f[p.Bounds.Name] {
		if i < len(p.Bounds.Values) {
			p.Bounds.Values[i] = desk.Clean(typed)
		}
	}
}

// settingFacts list what only the configuration says, with where it says so.
func (w *Web) settingFacts(l *locale) []settingFact {
	c := w.Contacts
	verified := func(also bool) string {
		if also {
			return l.T("setting.verified_any")
		}
		return l.T("setting.verified_only")
	}
	domains := strings.Join(c.PlaceholderDomains, " ")
	if domains == "" {
		domains = l.T("none.none")
	}
	days := int(campaign.AttributionWindow / (24 * time.Hour))
	list := []settingFact{
		{"time_zone", w.Location.String()}, {"currency", w.Currency}, {"public_url", w.Campaigns.Settings().PublicURL},
		{"placeholders", domains}, {"mobile", verified(c.UnverifiedMobile)}, {"email", verified(c.UnverifiedEmail)},
		{"attribution", l.T("setting.days", days)},
	}
	for i := range list {
		list[i].Label = l.TK("setting.fact", list[i].Label)
	}
	return list
}

func settingFactWords() []string {
	return []string{"time_zone", "currency", "public_url", "placeholders", "mobile", "email", "attribution"}
}
