package proof

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
}
