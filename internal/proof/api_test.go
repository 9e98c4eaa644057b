package proof

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// everything is a member of staff who may do all.
func everything() string { return actor(hostadapter.ScopeAll, hostadapter.AllPermissions()...) }

// obj is a JSON object.
type obj = map[string]any

// TestAPI calls every operation as the document says and holds every answer to its schema.
func TestAPI(t *testing.T) {
	a, school := academy(t, 600)
	waitFor(t, time.Minute, "first sync is over", func() bool {
		return text(t, school, "SELECT count(*)::text FROM public.crm_sync_feeds WHERE feed = 'funnel' AND caught_up_at IS NOT NULL") == "1"
	})
	x := openAPI(t, a.CRMURL(), everything())
	for _, o := range x.ops {
		if o.permission == "" {
			t.Errorf("%s says nothing of its permission", o.id)
		}
	}
	apiHome(x)
	apiAudience(x)
	apiQueries(x)
	apiPeople(x)
	apiOfferings(x, school)
	apiFollowups(x)
	apiLabels(x)
	apiTemplates(x)
	apiCampaigns(x, school)
	apiLinks(x, a.URL)
	apiSuppressions(x)
	apiSync(x)
	apiReports(x)
	apiSettings(x)
	apiRecord(x)
	apiErasure(x)
	if left := x.uncalled(); len(left) > 0 {
		t.Errorf("never called: %v", left)
	}
}

// lately is a rule that many meet.
func lately() obj {
	return obj{"all": []any{obj{"field": "last_login", "op": "in_last", "value": 400, "unit": "day"}, obj{"field": "paid_count", "op": "ge", "value": 1}}}
}

func apiAudience(x *apiClient) {
	fields := x.call("list-fields", input{})
	if len(field[[]any](x.t, fields, "items")) < 30 {
		x.t.Errorf("%v", fields)
	}
	x.call("list-choices", input{path: obj{"list": "offering"}, query: obj{"search": "a", "limit": 5}})
	x.call("list-choices", input{path: obj{"list": "query"}})
	n := x.call("count-audience", input{body: obj{"people": obj{"rule": lately()}}})
	matched := field[int64](x.t, n, "matched")
	if matched == 0 || len(field[[]any](x.t, n, "parts")) != 2 {
		x.t.Errorf("%v", n)
	}
	list := x.call("list-audience", input{body: obj{"people": obj{"rule": lately()}, "sort": "spend", "limit": 5}})
	next := x.call("list-audience", input{body: obj{"people": obj{"rule": lately()}, "sort": "spend", "limit": 5, "after": field[string](x.t, list, "next")}})
	if field[int64](x.t, list, "items.0.paid_total") < field[int64](x.t, next, "items.0.paid_total") {
		x.t.Errorf("pages are out of order")
	}
	x.call("list-audience", input{body: obj{"people": obj{"rule": obj{"all": []any{obj{"field": "nonsense", "op": "eq", "value": 1}}}}}, status: 422})
	x.call("export-audience", input{body: obj{"people": obj{"rule": lately()}, "columns": []string{"id", "mobile"}}})
}

func apiQueries(x *apiClient) {
	x.call("list-queries", input{})
	q := x.call("create-query", input{body: obj{"name": "API", "people": obj{"rule": lately()}}})
	id := field[int64](x.t, q, "id")
	x.call("get-query", input{path: obj{"id": id}})
	x.call("update-query", input{path: obj{"id": id}, body: obj{"name": "API 2", "pinned": true}})
	x.call("move-query", input{path: obj{"id": id}, body: obj{"by": -1}})
	of := x.call("create-query", input{body: obj{"name": "Of it", "people": obj{"rule": obj{"field": "query", "op": "in", "value": []int64{id}}}}})
	refused := x.call("delete-query", input{path: obj{"id": id}, status: 409})
	if field[string](x.t, refused, "errors.0.message") != "Of it" {
		x.t.Errorf("%v", refused)
	}
	x.call("delete-query", input{path: obj{"id": field[int64](x.t, of, "id")}})
	x.call("delete-query", input{path: obj{"id": id}})
	x.call("get-query", input{path: obj{"id": id}, status: 404})
}
