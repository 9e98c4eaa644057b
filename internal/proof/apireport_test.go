package proof

import (
	"net/url"
	"reflect"
	"strings"
)

// apiReports calls the comparisons.
func apiReports(x *apiClient) {
	x.call("compare-campaigns", input{})
	for _, by := range []string{"channel", "template", "audience", "staff", "weekday", "hour"} {
		list := x.call("compare-campaigns", input{query: obj{"days": "all", "by": by, "sort": "rate", "order": "asc"}})
		if n := len(field[[]any](x.t, list, "items")); by == "weekday" && n != 7 || by == "hour" && n != 24 {
			x.t.Errorf("by %s: %d groups", by, n)
		}
	}
	x.call("compare-campaigns", input{query: obj{"days": "7"}, status: 422})
	for _, by := range []string{"offering", "category", "kind"} {
		list := x.call("compare-offerings", input{query: obj{"by": by, "sort": "joined"}})
		if len(field[[]any](x.t, list, "items")) == 0 {
			x.t.Errorf("by %s: no group", by)
		}
	}
	growth := x.call("audience-growth", input{query: obj{"days": "30", "by": "day"}})
	if n := len(field[[]any](x.t, growth, "items")); n != 30 {
		x.t.Errorf("%d days", n)
	}
	x.call("audience-growth", input{query: obj{"days": "all"}})
	apiReportFiles(x)
}

// apiReportFiles exports the comparisons by the API and by the panel: the same file by name and rows, and
// the same on the record.
func apiReportFiles(x *apiClient) {
	for report, id := range map[string]string{"campaigns": "export-campaign-report", "offerings": "export-offering-report", "audience": "export-audience-growth"} {
		for _, format := range []string{"xlsx", "csv"} {
			query := obj{"days": "all"}
			if report == "offerings" {
				query = obj{"by": "category"}
			}
			file := x.call(id, input{query: query, body: obj{"format": format}})
			named := x.savedAs
			noted := x.lastExport()
			form := url.Values{"format": {format}}
			for name, value := range query {
				form.Set(name, value.(string))
			}
			page := x.panel("/reports/"+report+"/export", form)
			theirName := x.savedAs
			theirNote := x.lastExport()
			if theirName != named || !strings.HasPrefix(named, "reports-"+report+"-") || !reflect.DeepEqual(theirNote, noted) {
				x.t.Errorf("%s is saved as %q and noted as %v, the panel's as %q and %v", id, named, noted, theirName, theirNote)
			}
			if ours, theirs := strings.Count(file.(string), "\n"), strings.Count(page, "\n"); format == "csv" && (ours != theirs || ours < 2) {
				x.t.Errorf("%s has %d rows, the panel's %d", id, ours, theirs)
			}
		}
	}
	x.call("export-campaign-report", input{query: obj{"by": "nothing"}, body: obj{}, status: 422})
}

// lastExport is the last entry about a table, without what is of one request alone.
func (x *apiClient) lastExport() any {
	list := x.call("list-audit", input{query: obj{"action": "audience.exported", "limit": 1}})
	entry := field[obj](x.t, list, "items.0")
	return []any{entry["staff"], entry["object"], entry["detail"]}
}
