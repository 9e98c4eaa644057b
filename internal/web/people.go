package web

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// tableView is a page of the people of an audience.
type tableView struct {
	Rows     []personRow
	From, To int
	Total    int64 // -1: not counted with this page
	Failed   bool  // could not be listed
	Retry    string
	Nobody   bool
	Zero     string // the condition that nobody meets; empty: none is alone to blame
	Sorts    []option
	Sizes    []option
	Sort     segment.Sort
	Size     int
	Columns  map[segment.Sort]string // where a column's heading leads: the list in its order
	Token, Q string
	Pager    pager
	MaySend  bool
	NoEmail  bool
	Unsound  bool // conditions are wrong: nothing can be sent to their people
	All      bool // every result is ticked
	AllURL   string
	NoneURL  string
	OOB      bool
	Fragment bool // the answer is this table alone
}

// sortHead is the heading of a column by which the list can be sorted.
type sortHead struct {
	Key, URL string
	On, Num  bool
}

func newSortHead(t tableView, key string) sortHead {
	return sortHead{Key: key, URL: t.Columns[segment.Sort(key)], On: t.Sort == segment.Sort(key), Num: key == string(segment.SortSpend)}
}

// personRow is a person as lists show them: contacts are masked before they come here.
type personRow struct {
	ID           segment.PersonID
	URL          string
	Name, Nick   string
	Mobile, Mail string
	Level        string
	LastLogin    time.Time
	Tags         []string
	PaidCount    int
	PaidTotal    int64
	RegisteredAt time.Time
	Locked       bool
}

func (w *Web) personRow(p segment.Person) personRow {
	row := personRow{ID: p.ID, URL: w.paths.Person(p.ID), Name: p.Name(), Mobile: maskMobile(p.Mobile), Mail: maskEmail(p.Email),
		Level: p.MemberLevel, LastLogin: p.LastLoginAt, Tags: p.Tags, PaidCount: p.PaidCount, PaidTotal: p.PaidTotal,
		RegisteredAt: p.RegisteredAt, Locked: p.Status == "locked"}
	if p.Nickname != row.Name {
		row.Nick = p.Nickname
	}
	return row
}

func (w *Web) table(q *request, s selection, ruled ruling, address url.Values, counts segment.Counts) (tableView, error) {
	l := w.locale(q)
	t := tableView{Total: counts.Matched, Sort: s.sort, Size: s.size, Columns: map[segment.Sort]string{}, Token: address.Get("s"), Q: address.Get("q"), MaySend: w.maySend(q),
		NoEmail: !w.HaveEmail, Unsound: !ruled.sound(), All: s.all, Nobody: len(ruled.Order) == 0, Retry: w.paths.Audience(address)}
	for _, o := range segment.Sorts() {
		t.Sorts = append(t.Sorts, option{string(o), l.TK("sort", o), o == s.sort})
	}
	for _, n := range sizes {
		t.Sizes = append(t.Sizes, option{strconv.Itoa(n), l.Num(n), n == s.size})
	}
	list, err := w.Segments.List(q.ctx(), segment.Query{Rule: ruled.Rule, Sort: s.sort, After: s.after, Limit: s.size})
	if errors.Is(err, fault.ErrUnavailable) {
		t.Failed = true
		return t, nil
	}
	if err != nil {
		return t, err
	}
	for _, p := range list.People {
		t.Rows = append(t.Rows, w.personRow(p))
	}
	if s.after == "" {
		s.page = 1
	}
	t.From = (s.page-1)*s.size + 1
	t.To = t.From + len(t.Rows) - 1
	at := func(set ...string) string {
		v := values(set...)
		for k, list := range address {
			v[k] = list
		}
		return w.paths.Audience(v)
	}
	all := ""
	if s.all {
		all = "1"
	}
	total := ""
	if t.Total >= 0 {
		total = strconv.FormatInt(t.Total, 10)
	}
	t.Pager = newPager(s.after, list.Next, at("all", all, "n", total),
		at("after", list.Next, "page", strconv.Itoa(s.page+1), "all", all, "n", total), "aud-table")
	for _, o := range segment.Sorts() {
		v := values("n", total)
		for k, list := range address {
			v[k] = list
		}
		v.Set("sort", string(o))
		t.Columns[o] = w.paths.Audience(v)
	}
	t.AllURL, t.NoneURL = at("all", "1"), at()
	return t, nil
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
