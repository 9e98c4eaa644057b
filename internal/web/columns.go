package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// column is a column of the list of people that staff may show or hide.
type column struct {
	key   string
	sort  segment.Sort // by which its heading sorts; empty: it does not
	usual bool         // shown until somebody chooses otherwise
	num   bool
	slim  bool // stays where the list becomes cards
}

// columns lists them in the order of the table.
func columns() []column {
	return []column{
		{key: "contact", usual: true, slim: true},
		{key: "level", usual: true},
		{key: "login", sort: segment.SortLogin, usual: true, slim: true},
		{key: "tags", usual: true},
		{key: "paid_count", sort: segment.SortOrders, usual: true, num: true},
		{key: "spend", sort: segment.SortSpend, usual: true, num: true, slim: true},
		{key: "last_paid", sort: segment.SortPaid},
		{key: "registered", sort: segment.SortRegistered},
		{key: "source"},
		{key: "region"},
		{key: "gender"},
		{key: "enrolled", num: true},
		{key: "learned", sort: segment.SortLearned},
		{key: "contacted", usual: true, slim: true},
	}
}

func usualColumns() []string {
	var out []string
	for _, c := range columns() {
		if c.usual {
			out = append(out, c.key)
		}
	}
	return out
}

// readColumns reads what is shown, in the table's order: "cols" of an address, or the ticks of
// the form, which says with "pick_cols" that there are none where there are none.
func readColumns(v url.Values) []string {
	asked := strings.Split(v.Get("cols"), ",")
	switch {
	case v.Has("pick_cols"):
		asked = v["col"]
	case v.Get("cols") == "":
		return usualColumns()
	}
	out := []string{}
	for _, c := range columns() {
		if slices.Contains(asked, c.key) {
			out = append(out, c.key)
		}
	}
	return out
}

// columnsParam is the reverse: empty for the usual ones, "-" for none at all.
func columnsParam(shown []string) string {
	switch {
	case slices.Equal(shown, usualColumns()):
		return ""
	case len(shown) == 0:
		return "-"
	}
	return strings.Join(shown, ",")
}

// columnView is the heading of a column.
type columnView struct {
	Key  string
	URL  string // the list in this order; empty: it cannot be sorted so
	On   bool   // it is sorted so
	Num  bool
	Slim bool // shown in cards too
}

// cellView is a person in a column.
type cellView struct {
	columnView
	personRow
}

func newCell(c columnView, p personRow) cellView { return cellView{c, p} }
