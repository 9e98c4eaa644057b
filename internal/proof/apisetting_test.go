package proof

import "strings"

// apiSettings reads and changes the settings, and tries the channels out.
func apiSettings(x *apiClient) {
	seen := x.call("get-settings", input{})
	body := field[obj](x.t, seen, "values")
	body["version"] = field[int64](x.t, seen, "version")
	body["site_name"], body["quiet_email"], body["cap_days"], body["late_after"] = "新校名", "22:30-07:00", 3, 45
	saved := x.call("save-settings", input{body: body})
	if field[string](x.t, saved, "values.quiet_email") != "22:30-07:00" || field[int64](x.t, saved, "values.late_after") != 45 || field[int64](x.t, saved, "version") != 1 ||
		field[string](x.t, saved, "by.id") != "1" || field[string](x.t, saved, "configured.site_name") == "新校名" {
		x.t.Errorf("%v", saved)
	}
	body["site_name"] = "第三个"
	x.call("save-settings", input{body: body, status: 409}) // on top of a version that is not the latest
	body["version"], body["keep_months"] = 1, 6
	x.call("save-settings", input{body: body, status: 422}) // older clicks would go
	body["keep_months"], body["quiet_sms"] = 0, "25:00-08:00"
	x.call("save-settings", input{body: body, status: 422})
	body["quiet_sms"], body["quiet_email"], body["forget"], body["keep_months"] = "", "", true, 600
	if again := x.call("save-settings", input{body: body}); field[int64](x.t, again, "values.keep_months") != 600 {
		x.t.Errorf("%v", again)
	}

	if rows := field[[]any](x.t, x.call("list-settings-channels", input{}), "items"); len(rows) != 3 {
		x.t.Errorf("%v", rows)
	}
	test := input{body: obj{"channel": "email", "to": "me@example.com"}, header: map[string]string{"Idempotency-Key": "channel"}}
	x.call("test-channel", test)
	x.call("test-channel", test)
	if tests := x.call("list-channel-tests", input{}); len(field[[]any](x.t, tests, "items")) != 1 {
		x.t.Errorf("a test sent twice went out twice: %v", tests)
	}
	x.call("test-channel", input{body: obj{"channel": "email", "to": "nobody"}, status: 422})
	x.call("test-channel", input{body: obj{"channel": "sms", "to": "13900139001"}, status: 409}) // templates need approval
	if left := x.call("ask-sms-balance", input{}); field[int64](x.t, left, "left") < 0 {
		x.t.Errorf("%v", left)
	}
	if staff := x.call("list-settings-staff", input{}); len(field[[]any](x.t, staff, "items.0.permissions")) == 0 {
		x.t.Errorf("%v", staff)
	}
	if health := x.call("get-health", input{}); !field[bool](x.t, health, "working") || field[int64](x.t, health, "database.size") == 0 || len(field[[]any](x.t, health, "keepers")) == 0 {
		x.t.Errorf("%v", health)
	}
}

// apiRecord reads what the calls before left on the record.
func apiRecord(x *apiClient) {
	first := x.call("list-audit", input{query: obj{"limit": 2}})
	second := x.call("list-audit", input{query: obj{"limit": 2, "after": field[string](x.t, first, "next")}})
	if field[int64](x.t, first, "items.1.id") <= field[int64](x.t, second, "items.0.id") {
		x.t.Error("pages are out of order")
	}
	changes := x.call("list-audit", input{query: obj{"action": "settings.changed", "staff": "1", "from": "2020-01-01"}})
	if len(field[[]any](x.t, changes, "items")) != 2 || field[string](x.t, changes, "items.1.detail.site_name.new") != "新校名" {
		x.t.Errorf("%v", changes)
	}
	if none := x.call("list-audit", input{query: obj{"until": "2020-01-01"}}); len(field[[]any](x.t, none, "items")) != 0 {
		x.t.Errorf("%v", none)
	}
	x.call("list-audit", input{query: obj{"from": "tomorrow"}, status: 422})
	x.call("list-audit", input{query: obj{"after": "x"}, status: 422})
	if who := x.call("list-audit-staff", input{}); field[string](x.t, who, "items.0.id") != "1" {
		x.t.Errorf("%v", who)
	}
	for _, format := range []string{"csv", "xlsx"} {
		x.call("export-audit", input{body: obj{"format": format, "action": "channel.tested"}})
	}
}

// apiErasure wipes somebody.
func apiErasure(x *apiClient) {
	path := obj{"id": aBuyer(x)}
	host := field[string](x.t, x.call("get-person", input{path: path}), "person.host_id")
	x.call("erase-person", input{path: path, body: obj{"word": host + "0"}, status: 422})
	x.call("erase-person", input{path: path, body: obj{"word": host}})
	head := x.call("get-person", input{path: path})
	if field[string](x.t, head, "erased.by.id") != "1" {
		x.t.Errorf("%v", head)
	}
	if whole, _ := x.call("show-person-contact", input{path: path}).(obj); whole["mobile"] != nil || whole["email"] != nil {
		x.t.Error("a contact is left")
	}
	record := x.call("list-audit", input{query: obj{"action": "person.erased"}})
	if rows := field[[]any](x.t, record, "items"); len(rows) != 1 || !strings.HasPrefix(field[string](x.t, record, "items.0.object"), "person:") {
		x.t.Errorf("%v", record)
	}
}
