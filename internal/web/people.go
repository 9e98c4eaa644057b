package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

// tableView is a page of the people of an audience.
type tableView struct {
	Rows      []personRow
	From, To  int
	Total     int64 // -1: not counted with this page
	Failed    bool  // could not be listed
	Retry     string
	Nobody    bool
	Rested    int64  // people left out who were contacted of late
	Zero      string // the condition that nobody meets; empty: none is alone to blame
	Sorts     []option
	Sizes     []option
	Columns   []columnView
	Menu      []option // the columns that can be chosen
	UsualURL  string   // the list with its usual columns
	View      viewFields
	Address   ruleFields
	Pager     pager
	MaySend   bool
	MayFollow bool
	MayLabel  bool
	MayExport bool
	Channels  []hostadapter.Channel // to write to them; none can be used
	For       *draftView            // whose people are being changed; nil: none
	Unsound   bool                  // something typed is wrong: nothing can be sent to these people
	All       bool                  // every result is ticked
	AllURL    string
	NoneURL   string
	OOB       bool
	Fragment  bool // the answer is this table alone
}

// MayTick reports whether staff may do something with people they choose.
func (t tableView) MayTick() bool { return t.MaySend || t.MayFollow || t.MayLabel }

// ruleFields are the hidden fields with which a form names the people of a list.
type ruleFields struct {
	Token, Query, Q, Rest string
	Draft                 string // whose people are being changed
}

func ruleFieldsOf(address url.Values) ruleFields {
	return ruleFields{Token: address.Get("s"), Query: address.Get("query"), Q: address.Get("q"), Rest: address.Get("x"), Draft: address.Get("draft")}
}

// personRow is a person as lists show them: contacts are masked before they come here.
type personRow struct {
	ID           segment.PersonID
	URL, Why     string
	Message      string // where a message to them begins; empty: staff may not send
	Name, Nick   string
	Mobile, Mail string
	Level        string
	LastLogin    time.Time
	Tags         []string
	PaidCount    int
	PaidTotal    int64
	LastPaidAt   time.Time
	RegisteredAt time.Time
	Source       string
	Region       string
	Gender       string // a word of choice.gender; empty: not known
	Enrolled     int
	LastLearnAt  time.Time
	Contacted    segment.Contact
	Locked       bool
}

func (w *Web) personRow(p segment.Person) personRow {
	row := personRow{ID: p.ID, URL: w.paths.Person(p.ID), Name: p.Name(), Mobile: desk.MaskMobile(p.Mobile), Mail: desk.MaskEmail(p.Email),
		Level: p.MemberLevel, LastLogin: p.LastLoginAt, Tags: p.Tags, PaidCount: p.PaidCount, PaidTotal: p.PaidTotal,
		LastPaidAt: p.LastPaidAt, RegisteredAt: p.RegisteredAt, Source: p.RegisterSource, Enrolled: p.Enrolled, LastLearnAt: p.LastLearnAt,
		Contacted: p.Contacted, Locked: p.Status == "locked"}
	if row.Region = p.Province; p.City != p.Province {
		row.Region = strings.TrimSpace(p.Province + " " + p.City)
	}
	if slices.Contains(segment.GenderChoices.Fixed(), string(p.Gender)) {
		row.Gender = string(p.Gender)
	}
	if p.Nickname != row.Name {
		row.Nick = p.Nickname
	}
	return row
}

// showTable answers a page, an order or other columns of the list, whose total is known.
func (w *Web) showTable(q *request, sel selection, ruled ruling, address url.Values) error {
	page, failed, err := w.list(q, sel, ruled)
	if err != nil {
		return err
	}
	t := w.table(q, sel, ruled, address, found{counts: segment.Counts{Matched: sel.known}, page: page, unlisted: failed})
	t.Fragment, t.View.OOB = true, true
	if q.r.Form.Has("pick_cols") { // the form's own address is longer than it need be
		q.w.Header().Set("HX-Push-Url", w.paths.Audience(address))
	}
	return w.render(q, http.StatusOK, "audience#aud-table", t)
}

func (w *Web) table(q *request, s selection, ruled ruling, address url.Values, f found) tableView {
	t := tableView{Total: f.counts.Matched, Failed: f.unlisted, View: s.fields(), Address: ruleFieldsOf(address), MaySend: w.maySend(q), MayFollow: q.may(hostadapter.PermFollowup), MayLabel: q.may(hostadapter.PermSegmentEdit), MayExport: q.may(hostadapter.PermExport),
		Channels: w.Campaigns.Channels(), Unsound: !s.sound(ruled), All: s.all, Nobody: len(ruled.Order) == 0, Rested: f.counts.Rested, Retry: w.paths.Audience(address)}
	w.tableMenus(&t, w.locale(q), s)
	t.For = w.draftFor(q, s.forKey)
	counted := address
	if s.rest.Bad { // days that are none left nobody out
		counted = withoutKey(address, "x")
	}
	for _, p := range f.page.People {
		row := w.personRow(p)
		row.Why = w.paths.Why(p.ID, givenParams(counted))
		if t.MaySend {
			row.Message = w.paths.PersonMessage(p.ID)
		}
		t.Rows = append(t.Rows, row)
	}
	if s.after == "" {
		s.page = 1
	}
	t.From = (s.page-1)*s.size + 1
	t.To = t.From + len(t.Rows) - 1
	at := func(set ...string) string {
		v := maps.Clone(address)
		maps.Copy(v, values(set...))
		return w.paths.Audience(v)
	}
	all, total := "", ""
	if s.all {
		all = "1"
	}
	if t.Total >= 0 {
		total = strconv.FormatInt(t.Total, 10)
	}
	t.Pager = newPager(s.after, f.page.Next, at("all", all, "n", total),
		at("after", f.page.Next, "page", strconv.Itoa(s.page+1), "all", all, "n", total), "aud-table")
	t.AllURL, t.NoneURL = at("all", "1"), at()
	t.UsualURL = w.paths.Audience(withoutKey(address, "cols"))
	for _, c := range columns() {
		if !slices.Contains(s.columns, c.key) {
			continue
		}
		view := columnView{Key: c.key, Num: c.num, Slim: c.slim || !c.usual}
		if c.sort != "" {
			view.URL, view.On = at("sort", string(c.sort), "n", total), s.sort == c.sort
		}
		t.Columns = append(t.Columns, view)
	}
	return t
}

func withoutKey(v url.Values, key string) url.Values {
	out := maps.Clone(v)
	out.Del(key)
	return out
}

// tableMenus fills in the orders, sizes and columns to choose from.
func (w *Web) tableMenus(t *tableView, l *locale, s selection) {
	for _, o := range segment.Sorts() {
		t.Sorts = append(t.Sorts, option{string(o), l.TK("sort", o), o == s.sort})
	}
	for _, n := range sizes {
		t.Sizes = append(t.Sizes, option{strconv.Itoa(n), l.Num(n), n == s.size})
	}
	for _, c := range columns() {
		t.Menu = append(t.Menu, option{c.key, l.TK("column", c.key), slices.Contains(s.columns, c.key)})
	}
}

// shownTags is how many tags a row shows; the rest is a number, with their names behind it.
const shownTags = 3

// FirstTags are the tags that fit into a row.
func (r personRow) FirstTags() []string { return r.Tags[:min(len(r.Tags), shownTags)] }

// moreTags stands for the tags that do not.
type moreTags struct {
	N     int
	Title string
}

// MoreTags is nil when all tags fit.
func (r personRow) MoreTags() *moreTags {
	if len(r.Tags) <= shownTags {
		return nil
	}
	rest := r.Tags[shownTags:]
	return &moreTags{N: len(rest), Title: strings.Join(rest, " · ")}
}
