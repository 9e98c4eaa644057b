package web

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Reports, by the last part of their address.
const (
	reportCampaigns = "campaigns"
	reportOfferings = "offerings"
	reportAudience  = "audience"
)

func reportNames() []string { return []string{reportCampaigns, reportOfferings, reportAudience} }

// Report is one of the reports, as q narrows it. The comparison of campaigns is the first page.
func (p paths) Report(name string, q url.Values) string {
	if name == reportCampaigns {
		return p.to("/reports", q)
	}
	return p.to("/reports/"+name, q)
}

// ReportExport takes the form that exports a report.
func (p paths) ReportExport(name string) string { return p.base + "/reports/" + name + "/export" }

// reportBase is what all reports have.
type reportBase struct {
	Frame
	Name      string // of the report
	Tabs      []choiceLink
	Periods   []choiceLink
	Bys       []choiceLink
	Table     reportTable
	Counted   time.Time // the oldest figures shown; zero: there are none
	Params    url.Values
	MayExport bool
	Pages     []choiceLink // of the table, where there is more than one
}

// Fields are the parameters as hidden fields hold them.
func (p reportBase) Fields() []option {
	var out []option
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range p.Params {
			if !yield(k) {
				return
			}
		}
	}) {
		out = append(out, option{Value: k, Label: p.Params.Get(k)})
	}
	return out
}

// reportTable is a comparison as a table. What can be ordered by has an address.
type reportTable struct {
	Caption string
	First   string // what stands before each row
	Heads   []reportHead
	Rows    []reportRow
}

type reportHead struct {
	Key, Text string
	URL       string // empty: no order
	On, Asc   bool
}

type reportRow struct {
	Label string
	URL   string // empty: no page of its own
	Note  string
	Cells []reportCell
}

type reportCell struct {
	Head  string
	Text  string
	Note  string
	Muted bool     // it says nothing
	Bar   *float64 // beside the largest of the column
}

// reportsPage makes what all reports have; params are those that are not the usual ones.
func (w *Web) reportsPage(q *request, name string, params url.Values) reportBase {
	p := reportBase{Name: name, Params: params, MayExport: q.may(exportPermission)}
	for _, other := range reportNames() {
		p.Tabs = append(p.Tabs, choiceLink{other, w.paths.Report(other, nil), other == name})
	}
	return p
}

// reportPeriod is what a report covers when nobody says.
const reportPeriod = report.Period(90)

// allTime stands for all time in an address.
const allTime = "all"

// reportDays is a period in an address.
func reportDays(p report.Period) string {
	if p == 0 {
		return allTime
	}
	return strconv.Itoa(int(p))
}

// readPeriod reads a period; param is what stands in an address for it, empty for the usual one.
//
// Errors: fault.ErrNotFound.
func readPeriod(v url.Values) (p report.Period, param string, err error) {
	text := v.Get("days")
	if text == "" {
		return reportPeriod, "", nil
	}
	for _, p := range report.Periods() {
		if text == reportDays(p) {
			if p == reportPeriod {
				text = ""
			}
			return p, text, nil
		}
	}
	return 0, "", fault.ErrNotFound
}

// periodLinks are the periods to choose from.
func (w *Web) periodLinks(name string, now report.Period, params url.Values) []choiceLink {
	var out []choiceLink
	for _, p := range report.Periods() {
		word := reportDays(p)
		out = append(out, choiceLink{word, w.paths.Report(name, withParam(params, "days", word, reportDays(reportPeriod))), p == now})
	}
	return out
}

// withParam changes a parameter of an address, which then begins with its first page. The usual word
// is left out.
func withParam(params url.Values, key, word, usual string) url.Values {
	out := url.Values{}
	for k, list := range params {
		out[k] = list
	}
	out.Del("page")
	out.Del(key)
	if word != usual {
		out.Set(key, word)
	}
	return out
}

// readWord reads a word of a list; the first is the usual one, and its parameter is empty.
//
// Errors: fault.ErrNotFound.
func readWord[T ~string](v url.Values, key string, list []T) (word T, param string, err error) {
	text := v.Get(key)
	if text == "" {
		return list[0], "", nil
	}
	i := slices.Index(list, T(text))
	switch {
	case i < 0:
		return "", "", fault.ErrNotFound
	case i == 0:
		return list[0], "", nil
	}
	return list[i], text, nil
}

// reportRowsPerPage is how many rows a page of a comparison shows.
const reportRowsPerPage = 50

// cutPage gives the rows of the page that is asked for, and the addresses of all pages.
//
// Errors: fault.ErrNotFound.
func cutPage[T any](w *Web, name string, params url.Values, text string, rows []T) ([]T, []choiceLink, error) {
	pages := max((len(rows)+reportRowsPerPage-1)/reportRowsPerPage, 1)
	page := 1
	if text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > pages {
			return nil, nil, fault.ErrNotFound
		}
		page = n
	}
	var links []choiceLink
	for n := 1; n <= pages && pages > 1; n++ {
		word := strconv.Itoa(n)
		links = append(links, choiceLink{word, w.paths.Report(name, withParam(params, "page", word, "1")), n == page})
	}
	return rows[(page-1)*reportRowsPerPage : min(page*reportRowsPerPage, len(rows))], links, nil
}
