package proof

import (
	"database/sql"
	"strings"
	"time"
)

// invitation is what the campaigns of this test say.
func invitation() obj {
	return obj{"subject": "{{ nickname | default: \"there\" }}, it begins", "blocks": []any{obj{"kind": "text", "text": "Look at {{ link }}"}}}
}

// apiCampaigns writes a draft, looks at it from all sides, launches it and follows it to its end.
func apiCampaigns(x *apiClient, school *sql.DB) {
	x.call("list-channels", input{})
	draft := x.call("create-draft", input{body: obj{"channel": "email", "people": obj{"rule": lately()}}})
	key := obj{"key": field[string](x.t, draft, "key")}
	x.call("create-draft", input{body: obj{"channel": "email", "people": obj{"query": 1 << 40}}, status: 422})
	if bad := x.call("check-draft", input{path: key}); len(field[[]any](x.t, bad, "problems")) == 0 {
		x.t.Error("nothing is wrong with an empty draft")
	}
	x.call("launch-draft", input{path: key, body: obj{"people": 1}, status: 422})
	x.call("launch-draft", input{path: key, body: obj{"people": 1, "version": field[string](x.t, draft, "version")}, status: 422})
	x.call("update-draft", input{path: key, body: obj{"name": "By API", "content": invitation(), "fill": obj{"link": "https://learn.example/x"}, "cap_days": 3}})
	target := obj{"link": strings.TrimSuffix(x.base, "/admin/crm/api/v1") + "/courses/1"}
	x.call("update-draft", input{path: key, body: obj{"name": "By API", "content": invitation(), "fill": target, "cap_days": 3}})
	x.call("get-draft", input{path: key})
	x.call("list-drafts", input{})
	if good := x.call("check-draft", input{path: key}); len(field[[]any](x.t, good, "problems")) != 0 {
		x.t.Errorf("%v", good)
	}
	everybody := field[int64](x.t, x.call("dry-run-draft", input{path: key}), "sum.sendable")
	x.call("update-draft", input{path: key, body: obj{"name": "By API", "content": invitation(), "fill": target, "control": 10}})
	dry := x.call("dry-run-draft", input{path: key})
	sendable, version := field[int64](x.t, dry, "sum.sendable"), field[string](x.t, dry, "version")
	if now := x.call("get-draft", input{path: key}); field[int64](x.t, now, "cap_days") != 3 || field[string](x.t, now, "version") != version {
		x.t.Errorf("a draft lost its cap or has two versions: %v", now)
	}
	x.call("list-draft-people", input{path: key, query: obj{"limit": 2}})
	x.call("list-draft-people", input{path: key, query: obj{"reason": "no_contact"}})
	if seen := x.call("preview-draft", input{path: key, query: obj{"at": 1}}); !strings.Contains(field[string](x.t, seen, "subject"), "it begins") {
		x.t.Errorf("%v", seen)
	}
	test := input{path: key, body: obj{"to": "me@example.com"}, header: map[string]string{"Idempotency-Key": "test"}}
	x.call("test-draft", test)
	x.call("test-draft", test)
	if tests := x.call("list-draft-tests", input{path: key}); len(field[[]any](x.t, tests, "items")) != 1 {
		x.t.Errorf("a test sent twice went out twice: %v", tests)
	}
	x.call("launch-draft", input{path: key, body: obj{"people": sendable + 1, "version": version}, status: 409})
	x.call("launch-draft", input{path: key, body: obj{"people": sendable, "version": field[string](x.t, draft, "version")}, status: 409})
	launched := x.call("launch-draft", input{path: key, body: obj{"people": sendable, "version": version}})
	text(x.t, school, "WITH d AS (DELETE FROM public.crm_audit WHERE action = 'campaign.launched' RETURNING id) SELECT count(*)::text FROM d") // as if it had not been written
	again := x.call("launch-draft", input{path: key, body: obj{"people": sendable, "version": version}})
	x.call("launch-draft", input{path: key, body: obj{"people": sendable, "version": version}})
	id := field[int64](x.t, launched, "campaign")
	if field[int64](x.t, again, "campaign") != id || !field[bool](x.t, again, "before") {
		x.t.Errorf("launched twice: %v", again)
	}
	apiCampaign(x, obj{"id": id}, sendable)
	apiSend(x, target, everybody)
	if n := text(x.t, school, "SELECT count(*)::text FROM public.crm_audit WHERE action = 'campaign.launched'"); n != "2" {
		x.t.Errorf("%s launches on the record", n)
	}
}

// apiCampaign reads all about a campaign when it is done.
func apiCampaign(x *apiClient, path obj, sendable int64) {
	waitFor(x.t, time.Minute, "the campaign is sent", func() bool {
		return field[string](x.t, x.call("get-campaign", input{path: path}), "campaign.state") == "done"
	})
	if got := field[int64](x.t, x.call("get-campaign", input{path: path}), "result.taken"); got != sendable {
		x.t.Errorf("%d taken, %d to be sent", got, sendable)
	}
	x.call("list-campaigns", input{query: obj{"channel": "email", "limit": 5}})
	x.call("list-campaign-recipients", input{path: path, query: obj{"filter": "accepted", "limit": 3}})
	x.call("export-campaign-recipients", input{path: path, body: obj{"format": "csv"}})
	x.call("get-campaign-lift", input{path: path})
	x.call("get-campaign-clicks", input{path: path})
	x.call("do-campaign", input{path: path, body: obj{"do": "pause"}, status: 409})
	copied := x.call("copy-campaign", input{path: path})
	x.call("delete-draft", input{path: obj{"key": field[string](x.t, copied, "key")}})
	x.call("follow-up-campaign", input{path: path})
}

// apiSend launches a campaign in one step, once, and calls it
// off before its time.
func apiSend(x *apiClient, fill obj, people int64) {
	body := obj{"channel": "email", "people": obj{"rule": lately()}, "count": people, "name": "In one step", "content": invitation(), "fill": fill,
		"cap_days": 0, "send_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}
	once := map[string]string{"Idempotency-Key": "one step"}
	first := x.call("send-campaign", input{body: body, header: once})
	second := x.call("send-campaign", input{body: body, header: once})
	if field[int64](x.t, first, "campaign") != field[int64](x.t, second, "campaign") || !field[bool](x.t, second, "before") {
		x.t.Errorf("%v, %v", first, second)
	}
	body["name"] = "Something else"
	x.call("send-campaign", input{body: body, header: once, status: 409})
	after := x.call("do-campaign", input{path: obj{"id": field[int64](x.t, first, "campaign")}, body: obj{"do": "cancel"}})
	if got := field[string](x.t, after, "campaign.state"); got != "cancelled" {
		x.t.Errorf("state %s", got)
	}
}
