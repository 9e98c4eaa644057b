package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

// offeringsPage lists courses or classrooms with what they earn and may earn.
type offeringsPage struct {
	Frame
	Kind       hostadapter.TargetType
	Totals     funnel.Totals
	Ready      bool
	Rows       []offeringRow
	Search     string
	OnlyOpen   bool
	Categories []option
	Statuses   []option
	Sorts      []option
	Columns    []offeringColumn
	Params     url.Values // the list as it is shown, for its export
	MayExport  bool
	Everything string // the list without anything that narrows it
	OOB        bool   // the answer is the list and what belongs to it
}

// Fields are the parameters as hidden fields hold them.
func (p offeringsPage) Fields() []option {
	var out []option
	for _, k := range offeringParams() {
		if v := p.Params.Get(k); v != "" {
			out = append(out, option{Value: k, Label: v})
		}
	}
	return out
}

// offeringRow is an offering of the list.
type offeringRow struct {
	funnel.Line
	URL   string
	Tabs  []offeringCount
	Trend sparkView
}

// Last is how many joined this week.
func (r offeringRow) Last() int64 { return r.Joined[funnel.Weeks-1] }

// Rate is the conversion of the last 30 days; nil: nobody was interested.
func (r offeringRow) Rate() *float64 {
	if share, known := r.Conversion(); known {
		return &share
	}
	return nil
}

// offeringCount is the number of people on a tab, with where they are.
type offeringCount struct {
	Tab  funnel.Tab
	N    int64
	URL  string
	Slim bool // also shown on narrow screens
}

// offeringColumn is the head of a column by which the list can be ordered.
type offeringColumn struct {
	Sort    funnel.Sort
	URL     string
	On, Asc bool
}

// allOfferings stands for every status in an address, where nothing means those on sale.
const allOfferings = "all"

func offeringParams() []string { return []string{"q", "category", "status", "open", "sort", "dir"} }

// readOfferings reads what an address or a form asks for. What makes no sense narrows nothing.
func readOfferings(kind hostadapter.TargetType, v url.Values) (funnel.Query, url.Values) {
	q := funnel.Query{Kind: kind, Search: strings.TrimSpace(desk.Clean(v.Get("q"))), Category: desk.Clean(v.Get("category")),
		Status: hostadapter.OfferingPublished, OnlyOpen: v.Get("open") == "1", Sort: funnel.Sort(v.Get("sort"))}
	if text := []rune(q.Search); len(text) > maxShortSearch {
		q.Search = string(text[:maxShortSearch])
	}
	switch s := hostadapter.OfferingStatus(v.Get("status")); {
	case s == allOfferings:
		q.Status = ""
	case slices.Contains(offeringStatuses(), s):
		q.Status = s
	}
	if !slices.Contains(funnel.Sorts(), q.Sort) {
		q.Sort = funnel.Sorts()[0]
	}
	usual := q.Sort != funnel.SortTitle
	q.Desc = usual
	if dir := v.Get("dir"); dir == "asc" || dir == "desc" {
		q.Desc = dir == "desc"
	}
	status, sort, dir, open := string(q.Status), string(q.Sort), "", ""
	switch q.Status {
	case "":
		status = allOfferings
	case hostadapter.OfferingPublished:
		status = ""
	}
	if q.Sort == funnel.Sorts()[0] {
		sort = ""
	}
	if q.Desc != usual {
		dir = map[bool]string{true: "desc", false: "asc"}[q.Desc]
	}
	if q.OnlyOpen {
		open = "1"
	}
	return q, values("q", q.Search, "category", q.Category, "status", status, "open", open, "sort", sort, "dir", dir)
}

func offeringStatuses() []hostadapter.OfferingStatus {
	return []hostadapter.OfferingStatus{hostadapter.OfferingPublished, hostadapter.OfferingClosed, hostadapter.OfferingDraft}
}

// offeringList shows the list of a kind.
func (w *Web) offeringList(kind hostadapter.TargetType) func(*request) error {
	return func(q *request) error {
		ask, params := readOfferings(kind, q.r.URL.Query())
		t, err := w.Funnels.List(q.ctx(), ask)
		if err != nil {
			return err
		}
		p := w.offeringsPage(q, ask, params, t)
		if q.target() == "offerings" {
			p.OOB = true
			return w.render(q, http.StatusOK, "offerings#offerings-update", p)
		}
		p.Frame = w.frame(q, "offerings.title."+string(kind), offeringNav(kind))
		return w.render(q, http.StatusOK, "offerings", p)
	}
}

// offeringNav is the entry of the menu.
func offeringNav(kind hostadapter.TargetType) string {
	return strings.TrimPrefix(offeringBase(kind), "/")
}

func (w *Web) offeringsPage(q *request, ask funnel.Query, params url.Values, t funnel.Table) offeringsPage {
	l := w.locale(q)
	p := offeringsPage{Kind: ask.Kind, Totals: t.Totals, Ready: t.Ready, Search: ask.Search, OnlyOpen: ask.OnlyOpen,
		Params: params, MayExport: q.may(hostadapter.PermExport), Everything: w.paths.OfferingList(ask.Kind, values("status", allOfferings))}
	for _, line := range t.Lines {
		p.Rows = append(p.Rows, w.offeringRow(l, line))
	}
	p.Categories = []option{{"", l.T("offerings.all_categories"), ask.Category == ""}}
	for _, c := range t.Categories {
		p.Categories = append(p.Categories, option{c, c, c == ask.Category})
	}
	for _, s := range offeringStatuses() {
		p.Statuses = append(p.Statuses, option{string(s), l.TK("offering.status", s), s == ask.Status})
	}
	p.Statuses = append(p.Statuses, option{allOfferings, l.T("offerings.all_statuses"), ask.Status == ""})
	for _, s := range funnel.Sorts() {
		p.Sorts = append(p.Sorts, option{string(s), l.T(orderWord(s, params.Get("dir")), l.TK("offering.sort", s)), s == ask.Sort})
		c := offeringColumn{Sort: s, On: s == ask.Sort, Asc: !ask.Desc}
		v := url.Values{}
		for k, list := range params {
			v[k] = list
		}
		v.Set("sort", string(s))
		v.Del("dir")
		if c.On && ask.Desc == (s != funnel.SortTitle) { // once more turns it round
			v.Set("dir", map[bool]string{true: "asc", false: "desc"}[ask.Desc])
		}
		c.URL = w.paths.OfferingList(ask.Kind, v)
		p.Columns = append(p.Columns, c)
	}
	return p
}

// orderWord is the key of how the menu calls an order and its direction: the one it would have if it
// was chosen, which is the usual one unless the list was turned round.
func orderWord(s funnel.Sort, dir string) string {
	switch {
	case s == funnel.SortTitle && dir == "desc":
		return "offerings.order_back"
	case s == funnel.SortTitle:
		return "offerings.order_alphabet"
	case dir == "asc":
		return "offerings.order_asc"
	}
	return "offerings.order_desc"
}

// Dir is the direction of the list, where it is not the usual one.
func (p offeringsPage) Dir() string { return p.Params.Get("dir") }

// Column finds the head of an order.
func (p offeringsPage) Column(s funnel.Sort) offeringColumn {
	return p.Columns[slices.IndexFunc(p.Columns, func(c offeringColumn) bool { return c.Sort == s })]
}

// TabColumns are the heads of the numbers of people.
func (p offeringsPage) TabColumns() []offeringColumn {
	return []offeringColumn{p.Column(funnel.SortPotential), p.Column(funnel.SortPending), p.Column(funnel.SortEnrolled), p.Column(funnel.SortWithdrawn)}
}

// MoneyColumns are the heads of the sums, and of the conversion.
func (p offeringsPage) MoneyColumns() []offeringColumn {
	return []offeringColumn{p.Column(funnel.SortRevenue), p.Column(funnel.SortDevelopable), p.Column(funnel.SortLosing), p.Column(funnel.SortConversion)}
}

func (w *Web) offeringRow(l *locale, line funnel.Line) offeringRow {
	r := offeringRow{Line: line, URL: w.paths.Offering(line.Target.Type, line.ID, "", nil)}
	for _, t := range funnel.Tabs() {
		if t != funnel.TabPast {
			r.Tabs = append(r.Tabs, offeringCount{t, line.People(t), w.paths.Offering(line.Target.Type, line.ID, "", tabParams(t)), t == funnel.TabPotential || t == funnel.TabPending})
		}
	}
	points := make([]segment.Point, funnel.Weeks)
	for i, n := range line.Joined {
		points[i] = segment.Point{Day: w.Now().Add(time.Duration(i-funnel.Weeks+1) * 7 * 24 * time.Hour), Count: n}
	}
	r.Trend = l.spark(points)
	r.Trend.Label = l.T("offerings.trend", funnel.Weeks, l.Num(line.Joined[0]), l.Num(r.Last()))
	return r
}

// tabParams name a tab in an address; the first needs no name.
func tabParams(t funnel.Tab) url.Values {
	if t == funnel.Tabs()[0] {
		return nil
	}
	return values("tab", string(t))
}
