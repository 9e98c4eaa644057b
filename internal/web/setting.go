package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// settingPage is the form of all that staff may change about the site.
type settingPage struct {
	Frame
	Tabs     []choiceLink
	URL      string
	Version  int64
	Names    []fieldView
	Quiet    []quietField
	Sending  []fieldView
	Bounds   boundsField
	Keep     fieldView
	Forget   bool // fewer clicks would be kept: that has to be confirmed
	Fixed    []settingFact
	By       string // who saved last; empty: nobody
	At       time.Time
	Saved    bool
	Conflict bool // somebody else saved meanwhile
	Problems []said
}

// settingTabs lead from one page of settings to another.
func (w *Web) settingTabs(current string) []choiceLink {
	var out []choiceLink
	for _, part := range settingParts() {
		out = append(out, choiceLink{part, w.paths.Settings(part), part == current})
	}
	return append(out, choiceLink{"sync", w.paths.Sync(), false})
}

// settingParts are the pages of settings.
func settingParts() []string { return []string{"general", "channels", "staff", "audit", "health"} }

// settings shows the form.
func (w *Web) settings(q *request) error {
	v, stored, err := w.Settings.Open(q.ctx())
	if err != nil {
		return err
	}
	p := w.newSettingPage(q, v, stored, nil)
	p.Saved = q.r.URL.Query().Get("saved") == "1"
	return w.render(q, http.StatusOK, "setting", p)
}

// settingsSave makes what was typed hold, and records what it was before.
func (w *Web) settingsSave(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	was, stored, err := w.Settings.Open(q.ctx())
	if err != nil {
		return err
	}
	v, problems := w.readSettings(f)
	wrong, err := problemsOf(w.Settings.Check(v))
	if err != nil {
		return err
	}
	for key, p := range wrong {
		problems.Add(key, p.Key, p.Args...)
	}
	forgets := setting.Forgets(was, v)
	if forgets && f.Get("forget") != "1" {
		problems.Add(string(setting.KeepMonths), "problem.forget")
	}
	version, _ := strconv.ParseInt(f.Get("version"), 10, 64) // what is none is no version of ours
	again := func(status int, problems fault.Fields) error {
		p := w.newSettingPage(q, v, stored, problems)
		p.typed(f)
		p.Forget, p.Conflict = forgets, status == http.StatusConflict
		return w.render(q, status, "setting", p)
	}
	switch changes := setting.Differences(was, v); {
	case problems.Err() != nil:
		return again(http.StatusUnprocessableEntity, problems)
	case version != stored.Version:
		return again(http.StatusConflict, nil)
	case len(changes) == 0:
		return q.redirect(w.paths.Settings("general") + "?saved=1")
	default:
		if err := w.record(q, audit.SettingsChanged, "settings", setting.Detail(changes)); err != nil {
			return err
		}
	}
	if err := w.Settings.Save(q.ctx(), v, version, q.staff); errors.Is(err, fault.ErrConflict) {
		if _, stored, err = w.Settings.Open(q.ctx()); err != nil {
			return err
		}
		return again(http.StatusConflict, nil)
	} else if err != nil {
		return err
	}
	return q.redirect(w.paths.Settings("general") + "?saved=1")
}

// readSettings reads what was typed, and what of it makes no sense.
func (w *Web) readSettings(f url.Values) (setting.Values, fault.Fields) {
	problems := fault.Fields{}
	text := func(k setting.Key) string { return strings.TrimSpace(desk.Clean(f.Get(string(k)))) }
	count := func(k setting.Key, most int64) int64 {
		typed := number(text(k))
		if typed == "" {
			typed = "0"
		}
		n, ok := whole(typed)
		if !ok || n < 0 || n > most {
			problems.Add(string(k), "problem.range", 0, most)
			return 0
		}
		return n
	}
	v := setting.Values{SiteName: text(setting.SiteName), SiteAddress: text(setting.SiteAddress), Quiet: map[hostadapter.Channel]campaign.QuietHours{},
		CapDays:   int(count(setting.CapDays, campaign.MaxCapDays)),
		LateAfter: time.Duration(count(setting.LateAfter, int64(setting.MaxLateAfter/time.Minute))) * time.Minute,
		LargeSend: count(setting.LargeSend, setting.MaxLargeSend), KeepMonths: int(count(setting.KeepMonths, setting.MaxKeepMonths))}
	for k, ch := range setting.Channels() {
		hours, ok := quietHours(f.Get(string(k)+"_from"), f.Get(string(k)+"_until"))
		if !ok {
			problems.Add(string(k), "problem.clock")
		}
		v.Quiet[ch] = hours
	}
	for _, typed := range f[string(setting.SpendBounds)] {
		if n, ok := minor(number(typed), minorDigits(w.Currency)); ok {
			v.SpendBounds = append(v.SpendBounds, n)
		} else {
			problems.Add(string(setting.SpendBounds), "problem.bounds", setting.SpendBands)
		}
	}
	return v, problems
}

// quietHours reads two times of day as their inputs hold them; both empty: none.
func quietHours(from, until string) (campaign.QuietHours, bool) {
	from, until = strings.TrimSpace(from), strings.TrimSpace(until)
	if from == "" && until == "" {
		return campaign.QuietHours{}, true
	}
	begin, err1 := time.Parse(clockLayout, from)
	end, err2 := time.Parse(clockLayout, until)
	ofDay := func(t time.Time) time.Duration {
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	return campaign.QuietHours{Start: ofDay(begin), End: ofDay(end)}, err1 == nil && err2 == nil
}
