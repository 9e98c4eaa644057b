package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// composerPage is a campaign that is being written.
type composerPage struct {
	Frame
	URL      string // of this page; every form is posted there
	Channel  hostadapter.Channel
	Direct   bool // to one person
	Tabs     []option
	Name     fieldView
	Say      string // the audience in words
	Audience string // where it can be changed
	CapDays  fieldView
	Control  fieldView
	Content  contentView
	Approval bool           // the text is an approved template's
	Cards    []templateCard // to choose it from
	CardsErr fault.Problem
	Menu     []templateCard // to begin a text with
	Library  string
	SaveAs   string // keeps the text as a template; empty: not allowed
	Fill     fillView
	Dry      dryRun
	Test     testView
	Time     timeView
	Steps    []stepView
	Preview  previewView
	Check    checkView
	Cost     costView
	Go       goView
	Lists    []offeringPage
	Problems []said
	OOB      bool
}

// Step is a numbered part of the page.
func (p composerPage) Step(no int) stepView { return p.Steps[no-1] }

// stepView is the mark of a part: its number, or that nothing is left to do in it.
type stepView struct {
	No   int
	Done bool
	OOB  bool
}

// goView is the button that leads to the confirmation, and what stands around it.
type goView struct {
	Label   string
	Off     bool
	SavedAt time.Time
	URL     string // takes the form
	Drop    string
	N       string // of people, as last counted; empty: not counted
	OOB     bool
}

// basics makes what every answer of the page needs, without counting anybody.
func (w *Web) basics(q *request, c *composing) (composerPage, error) {
	l, d := w.locale(q), c.d
	p := composerPage{URL: w.paths.Draft(d.Key, "", nil), Channel: d.Channel, Direct: d.Direct, Approval: w.Templates.NeedsApproval(d.Channel)}
	problems, err := w.check(q, c)
	if err != nil {
		return p, err
	}
	p.Check = w.checkView(q, c, problems)
	p.Steps = stepsOf(problems, true)
	p.Fill = w.fillView(q, c)
	p.Fill.Step = p.Step(3)
	p.Time = w.timeView(q, c)
	p.Go = goView{URL: p.URL, SavedAt: d.SavedAt, Drop: w.paths.Draft(d.Key, "/drop", nil), Label: l.goLabel(d.SendAt, "")}
	p.Preview, err = w.preview(q, c)
	return p, err
}

// showSaved answers a change that was kept: the preview and what else depends on what was typed.
// People are counted again only if the change may alter who they are, and then by a request of
// its own, so that nobody waits for it.
func (w *Web) showSaved(q *request, c *composing, f url.Values) error {
	p, err := w.basics(q, c)
	if err != nil {
		return err
	}
	p.OOB, p.Check.OOB = true, true
	for i := range p.Steps {
		p.Steps[i].OOB = true
	}
	p.Fill.OOB = f.Get("filled") != p.Fill.Known
	if n, err := strconv.ParseInt(f.Get("n"), 10, 64); err == nil && n >= 0 {
		p.Go.N, p.Go.Label, p.Go.Off = strconv.FormatInt(n, 10), w.locale(q).goLabel(c.d.SendAt, w.locale(q).Num(n)), n == 0
	}
	if f.Get("counted") != countKey(c.d) {
		q.w.Header().Set("HX-Trigger", "recount")
	}
	p.Steps[3].Done = f.Get("counted") == countKey(c.d) && !p.Go.Off && p.Go.N != ""
	return w.render(q, http.StatusOK, "composer#composer-saved", p)
}

// showComposer shows the whole form.
func (w *Web) showComposer(q *request, status int, c *composing) error {
	p, err := w.basics(q, c)
	if err != nil {
		return err
	}
	p.Frame = w.frame(q, "composer.title."+string(c.d.Channel), "audience")
	p.Problems = w.locale(q).saidOf(inOrder(c.problems), c.d.Content.Blocks)
	if err := w.addForm(q, &p, c); err != nil {
		return err
	}
	if err := w.addCounts(q, &p, c); err != nil {
		return err
	}
	if p.Test, err = w.testView(q, c, true); err != nil {
		return err
	}
	if q.hx() {
		q.w.Header().Set("HX-Retarget", "#composer")
		q.w.Header().Set("HX-Reswap", "outerHTML")
		if len(p.Problems) > 0 {
			q.w.Header().Set("HX-Reswap", "outerHTML show:top")
		}
		return w.render(q, status, "composer#composer", p)
	}
	return w.render(q, status, "composer", p)
}

// addForm fills in the controls.
func (w *Web) addForm(q *request, p *composerPage, c *composing) error {
	l, d, set := w.locale(q), c.d, w.Campaigns.Settings()
	for _, ch := range w.Campaigns.Channels() {
		p.Tabs = append(p.Tabs, option{string(ch), l.TK("channel", ch), ch == d.Channel})
	}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	if p.Say, err = b.say(d.Rule); err != nil {
		return err
	}
	p.Audience = w.paths.Draft(d.Key, "/audience", nil)
	field := func(name, value string) fieldView {
		if typed, ok := c.typed[name]; ok {
			value = typed
		}
		return fieldView{Field: name, Name: name, Value: value, Label: l.TK("composer.field", name), Problem: c.problems[name]}
	}
	p.Name = field("name", d.Name)
	p.CapDays, p.Control = field("cap_days", strconv.Itoa(d.CapDays)), field("control", strconv.Itoa(d.Control))
	p.CapDays.Keys, p.Control.Keys, p.CapDays.Max, p.Control.Max = "numeric", "numeric", 4, 3
	p.CapDays.Hint, p.Control.Hint = l.T("composer.cap_why"), l.T("composer.control_why")

	e := editor{l: l, paths: w.paths, ch: d.Channel, problems: c.problems, at: c.at, focus: c.focus}
	p.Content = e.view(d.Content, set)
	p.Content.Post, p.Content.Whole, p.Content.From = p.URL, "composer", w.EmailFrom
	if d.Channel == hostadapter.ChannelMessage {
		if p.Content.Senders, err = w.senders(q, d.Content.From); err != nil && !errors.Is(err, hostadapter.ErrUnavailable) {
			return err
		}
	}
	p.Library = w.paths.Templates(d.Channel)
	if q.may(hostadapter.PermTemplateEdit) {
		p.SaveAs = w.paths.TemplateNew(values("draft", d.Key))
	}
	if p.Lists, err = w.courseLists(q, p); err != nil {
		return err
	}
	cards, err := w.templateCards(q, d.Channel, d.Template.ID)
	if p.Approval {
		p.Cards, p.CardsErr = cards, c.problems["template"]
	} else {
		p.Menu = cards
	}
	return err
}

// goLabel is what the button says: when, and to how many; n is empty when nobody was counted.
func (l *locale) goLabel(at time.Time, n string) string {
	switch {
	case at.IsZero() && n == "":
		return l.T("composer.go_now")
	case at.IsZero():
		return l.T("composer.go_now_n", n)
	case n == "":
		return l.T("composer.go_at", l.moment(at))
	}
	return l.T("composer.go_at_n", l.moment(at), n)
}
