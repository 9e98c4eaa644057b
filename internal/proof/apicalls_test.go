package proof

import (
	"database/sql"
	"fmt"
	"strings"
	"time"
)

func apiHome(x *apiClient) {
	x.call("get-home", input{})
	x.call("list-staff", input{})
	if left := x.call("get-sms-balance", input{}); field[bool](x.t, left, "known") && field[int64](x.t, left, "parts") < 0 {
		x.t.Errorf("%v", left)
	}
	for _, by := range []string{"day", "week", "month"} {
		x.call("get-usage", input{query: obj{"by": by}})
	}
	if got := field[string](x.t, x.call("get-staff", input{}), "id"); got != "1" {
		x.t.Errorf("staff %s", got)
	}
}

// aBuyer is our id of a person who bought something, has a place and can be mailed to.
func aBuyer(x *apiClient) int64 {
	x.t.Helper()
	list := x.call("list-audience", input{body: obj{"people": obj{"rule": lately()}, "sort": "spend", "limit": 100}})
	for i := range field[[]any](x.t, list, "items") {
		p := field[obj](x.t, list, fmt.Sprintf("items.%d", i))
		head := x.call("get-person", input{path: obj{"id": p["id"]}})
		if places := field[int64](x.t, head, "size.places"); places > 0 && field[string](x.t, head, "channels.1.reach") == "ok" && p["status"] == "active" {
			return field[int64](x.t, p, "id")
		}
	}
	x.t.Fatal("nobody bought anything")
	return 0
}

func apiPeople(x *apiClient) {
	id := obj{"id": aBuyer(x)}
	head := x.call("get-person", input{path: id})
	if masked := field[string](x.t, head, "person.email"); !strings.Contains(masked, "***") {
		x.t.Errorf("a contact is shown whole: %s", masked)
	}
	if whole := field[string](x.t, x.call("show-person-contact", input{path: id}), "email"); strings.Contains(whole, "***") {
		x.t.Errorf("a contact is masked: %s", whole)
	}
	x.call("get-person-details", input{path: id})
	found := x.call("search", input{body: obj{"text": field[string](x.t, head, "person.host_id")}})
	if field[int64](x.t, found, "people.0.id") != id["id"] {
		x.t.Errorf("%v", found)
	}
	dossier := x.call("get-person-dossier", input{path: id})
	if n := len(field[[]any](x.t, dossier, "orders.items")); int64(n) != field[int64](x.t, dossier, "head.size.orders") || n == 0 || !strings.Contains(field[string](x.t, dossier, "head.person.email"), "***") {
		x.t.Errorf("%v", dossier)
	}
	x.call("list-person-timeline", input{path: id, query: obj{"limit": 3}})
	x.call("list-person-timeline", input{path: id, query: obj{"kind": "buying"}})
	if rows := field[[]any](x.t, x.call("list-person-orders", input{path: id}), "items"); len(rows) == 0 {
		x.t.Error("a buyer without orders")
	}
	x.call("list-person-places", input{path: id})
	x.call("list-person-deliveries", input{path: id})
	x.call("set-person-consent", input{path: id, body: obj{"channel": "sms", "state": "denied"}})
	if got := field[string](x.t, x.call("list-person-consents", input{path: id}), "items.0.state"); got != "denied" {
		x.t.Errorf("consent is %s", got)
	}
	why := x.call("explain-person", input{path: id, body: obj{"people": obj{"rule": lately()}}})
	if len(field[[]any](x.t, why, "parts")) != 2 {
		x.t.Errorf("%v", why)
	}
	draft := x.call("start-person-message", input{path: id, body: obj{"channel": "email"}})
	x.call("delete-draft", input{path: obj{"key": field[string](x.t, draft, "key")}})
	x.call("get-person", input{path: obj{"id": 1 << 40}, status: 404})
}

func apiOfferings(x *apiClient, school *sql.DB) {
	list := x.call("list-offerings", input{query: obj{"sort": "potential"}})
	id := field[int64](x.t, list, "items.0.offering.id")
	x.call("list-offerings", input{query: obj{"kind": "classroom", "status": "all", "order": "asc"}})
	for _, format := range []string{"csv", "xlsx"} {
		x.call("export-offerings", input{body: obj{"format": format}})
	}
	x.call("get-offering", input{path: obj{"id": id}, query: obj{"days": 7}})
	x.call("get-offering-exits", input{path: obj{"id": id}})
	for _, tab := range []string{"potential", "pending", "enrolled", "past", "withdrawn"} {
		x.call("list-offering-people", input{path: obj{"id": id}, query: obj{"tab": tab}})
	}
	var course, potential, left string
	if err := school.QueryRow(`SELECT offering_id::text, learner_id::text FROM public.crm_pairs WHERE stage = 'potential' ORDER BY 1, 2 LIMIT 1`).Scan(&course, &potential); err != nil {
		x.t.Fatal(err)
	}
	pair := obj{"id": course, "person": potential}
	x.call("set-offering-intent", input{path: pair, body: obj{"level": "high", "reason": "asked twice"}})
	if said := x.call("get-offering-person", input{path: pair}); field[string](x.t, said, "level") != "high" || len(field[[]any](x.t, said, "opinions")) != 1 {
		x.t.Errorf("%v", said)
	}
	if err := school.QueryRow(`SELECT offering_id::text, learner_id::text FROM public.crm_pairs WHERE stage = 'withdrawn' ORDER BY 1, 2 LIMIT 1`).Scan(&course, &left); err != nil {
		x.t.Fatal(err)
	}
	x.call("set-offering-reason", input{path: obj{"id": course, "person": left}, body: obj{"category": "time"}})
}

func apiFollowups(x *apiClient) {
	id := obj{"id": aBuyer(x)}
	subjects := x.call("list-person-subjects", input{path: id})
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	body := obj{"method": "phone", "content": "will think about it", "next_at": tomorrow, "offering": field[int64](x.t, subjects, "items.0.id")}
	once := map[string]string{"Idempotency-Key": "first call"}
	added := x.call("add-followup", input{path: id, body: body, header: once})
	again := x.call("add-followup", input{path: id, body: body, header: once})
	note := field[int64](x.t, added, "id")
	if field[int64](x.t, again, "id") != note {
		x.t.Error("a follow-up sent twice is entered twice")
	}
	x.call("list-person-followups", input{path: id})
	x.call("list-followups", input{query: obj{"whose": "team", "state": "upcoming"}})
	if n := field[int64](x.t, x.call("tally-followups", input{}), "upcoming"); n != 1 {
		x.t.Errorf("%d reminders", n)
	}
	path := obj{"id": note}
	x.call("update-followup", input{path: path, body: obj{"method": "wechat", "content": "wrote back", "next_at": tomorrow, "version": 1}})
	x.call("update-followup", input{path: path, body: obj{"method": "wechat", "content": "too late", "version": 1}, status: 409})
	if seen := x.call("get-followup", input{path: path}); len(field[[]any](x.t, seen, "history")) != 1 {
		x.t.Errorf("%v", seen)
	}
	x.call("finish-followup", input{path: path})
	x.call("add-followup", input{path: id, body: obj{"method": "plan"}, status: 422})
	plan := obj{"people": obj{"rule": obj{"all": []any{obj{"field": "learner", "op": "in", "value": []any{id["id"]}}}}}, "content": "call", "next_at": tomorrow}
	key := map[string]string{"Idempotency-Key": "plan"}
	x.call("plan-followups", input{body: plan, header: key})
	if twice := x.call("plan-followups", input{body: plan, header: key}); !field[bool](x.t, twice, "before") {
		x.t.Error("a plan sent twice is entered twice")
	}
}

func apiLabels(x *apiClient) {
	person := obj{"id": aBuyer(x)}
	vip := field[int64](x.t, x.call("create-label", input{body: obj{"name": "VIP"}}), "id")
	old := field[int64](x.t, x.call("create-label", input{body: obj{"name": "old"}}), "id")
	x.call("create-label", input{body: obj{"name": "vip"}, status: 422})
	x.call("rename-label", input{path: obj{"id": old}, body: obj{"name": "older"}})
	apply := input{path: obj{"id": old}, body: obj{"people": obj{"rule": lately()}, "do": "add"}, header: map[string]string{"Idempotency-Key": "k"}}
	batch := field[int64](x.t, x.call("apply-label", apply), "id")
	if field[int64](x.t, x.call("apply-label", apply), "id") != batch {
		x.t.Error("a tag is given twice")
	}
	if other := x.call("apply-label", input{path: obj{"id": vip}, body: apply.body, header: apply.header}); field[int64](x.t, other, "id") == batch {
		x.t.Errorf("the key of one tag swallowed a deed to another: %v", other)
	}
	x.call("get-label-batch", input{path: obj{"id": batch}})
	x.call("undo-label-batch", input{path: obj{"id": batch}})
	x.call("add-person-label", input{path: person, body: obj{"name": "older"}})
	x.call("merge-label", input{path: obj{"id": old}, body: obj{"into": vip}})
	if tags := x.call("list-person-labels", input{path: person}); field[string](x.t, tags, "given.0.name") != "VIP" {
		x.t.Errorf("%v", tags)
	}
	x.call("remove-person-label", input{path: obj{"id": person["id"], "label": vip}})
	x.call("list-person-interests", input{path: person})
	x.call("delete-label", input{path: obj{"id": vip}})
	x.call("list-labels", input{})
}

func apiTemplates(x *apiClient) {
	content := obj{"subject": "Hello", "blocks": []any{obj{"kind": "text", "text": "Dear {{ nickname }}"}}}
	made := x.call("create-template", input{body: obj{"channel": "email", "name": "Welcome", "content": content}})
	path := obj{"id": field[int64](x.t, made, "id")}
	x.call("create-template", input{body: obj{"channel": "email", "name": "Welcome", "content": content}, status: 422})
	content["subject"] = "Hello again"
	x.call("update-template", input{path: path, body: obj{"name": "Welcome", "content": content, "version": 1}})
	x.call("update-template", input{path: path, body: obj{"name": "Welcome", "content": content, "version": 1}, status: 409})
	if got := field[string](x.t, x.call("get-template", input{path: path}), "content.subject"); got != "Hello again" {
		x.t.Errorf("subject %q", got)
	}
	x.call("list-templates", input{query: obj{"channel": "email"}})
	seen := x.call("preview-template", input{body: obj{"channel": "email", "content": obj{"subject": "{{ site }}", "blocks": []any{obj{"kind": "text", "text": "{{ course }}"}}}}})
	if html := field[string](x.t, seen, "html"); !strings.Contains(html, "〔course〕") {
		x.t.Errorf("%v", seen)
	}
	x.call("preview-template", input{body: obj{"channel": "email", "content": obj{"subject": "{{ nickname"}}, status: 422})
	x.call("create-template", input{body: obj{"channel": "email", "name": "Broken", "content": obj{"subject": "{{ nickname"}}, status: 422})
	sms := x.call("create-template", input{body: obj{"channel": "sms", "name": "Reminder", "content": obj{"text": "您好，课程今晚八点开始，回T退订"}}})
	x.call("submit-template", input{path: obj{"id": field[int64](x.t, sms, "id")}})
	x.call("archive-template", input{path: path})
}

func apiLinks(x *apiClient, site string) {
	body := obj{"title": "Poster", "target": site + "/courses/1", "utm": obj{"source": "poster"}}
	once := map[string]string{"Idempotency-Key": "poster"}
	made := x.call("create-link", input{body: body, header: once})
	path := obj{"id": field[int64](x.t, made, "id")}
	if again := x.call("create-link", input{body: body, header: once}); field[string](x.t, again, "code") != field[string](x.t, made, "code") {
		x.t.Error("a link sent twice is made twice")
	}
	change := obj{"title": "Poster 2", "target": site + "/courses/2", "version": field[string](x.t, made, "updated_at")}
	x.call("update-link", input{path: path, body: change})
	change["title"] = "Poster 3" // on top of a version that is not the latest
	x.call("update-link", input{path: path, body: change, status: 409})
	x.call("create-link", input{body: obj{"title": "", "target": "nonsense"}, status: 422})
	x.call("get-link", input{path: path})
	x.call("get-link-clicks", input{path: path})
	apiQR(x, path, field[string](x.t, made, "code"))
	x.call("archive-link", input{path: path})
	x.call("list-links", input{query: obj{"state": "archived"}})
	x.call("restore-link", input{path: path})
}

func apiSuppressions(x *apiClient) {
	x.call("add-suppressions", input{body: obj{"text": "13900139001\nnobody@example.com\nnonsense"}})
	list := x.call("list-suppressions", input{query: obj{"limit": 1}})
	x.call("list-suppressions", input{query: obj{"limit": 1, "after": field[string](x.t, list, "next")}})
	if got := field[string](x.t, list, "items.0.contact"); !strings.Contains(got, "***") {
		x.t.Errorf("a contact is shown whole: %s", got)
	}
	x.call("show-suppressions", input{body: obj{"channel": "email"}})
	found := x.call("find-suppression", input{body: obj{"contact": "13900139001"}})
	x.call("remove-suppression", input{body: obj{"ref": field[string](x.t, found, "items.0.ref")}})
	if left := x.call("find-suppression", input{body: obj{"contact": "13900139001"}}); len(field[[]any](x.t, left, "items")) != 0 {
		x.t.Errorf("%v", left)
	}
	x.call("remove-suppression", input{body: obj{"ref": "nonsense"}, status: 422})
}

func apiSync(x *apiClient) {
	if state := x.call("get-sync", input{}); !field[bool](x.t, state, "first_done") {
		x.t.Errorf("%v", state)
	}
	x.call("list-sync-problems", input{})
	x.call("repair-sync", input{})
	x.call("upload-list", input{body: obj{"name": "Paper", "text": "1\n2\n13900139001\n"}})
}
