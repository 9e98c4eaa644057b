package proof

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAQuestionIsKept saves a quick query in a browser, finds it in the menu and on the home page
// with its size, learns why somebody is in and somebody is not, exports the people, uploads the
// export as a list, and finds the same people again. Then every page of it is looked at.
func TestAQuestionIsKept(t *testing.T) {
	a, school := academy(t, 2000)
	b := operator(t, a, school)
	crm := a.CRMURL()
	people := func() string {
		return text(t, school, "SELECT count(*)::text FROM public.crm_learners WHERE status = 'active' AND paid_order_count >= 3")
	}
	b.open(crm + "audience")
	b.click(`[name="add"]`)
	b.choose(`[name="c.1.f"]`, "paid_count")
	b.has(`[name="c.1.op"] option[value="ge"]`)
	b.choose(`[name="c.1.op"]`, "ge")
	b.set(`[name="c.1.v"]`, "3")
	b.shows(people)
	b.shot("before-save")

	b.click("#query-new")
	b.set("dialog #c-name", "老顾客")
	b.click("dialog [name=pinned]")
	b.click("dialog .crm-dialog-f .crm-btn-p")
	b.eventually(10*time.Second, "the query is in the menu, and open", func() bool {
		return eval[bool](b, `() => [...document.querySelectorAll('.crm-nav-q a')].some(e => e.innerText.includes('老顾客') && e.getAttribute('aria-current')) ||
			[...document.querySelectorAll('h1 + p')].some(e => e.innerText.includes('老顾客'))`)
	})
	b.eventually(30*time.Second, "the home page shows its size", func() bool {
		b.open(crm)
		page := strings.ReplaceAll(b.text("main"), ",", "")
		return strings.Contains(page, "老顾客") && strings.Contains(page, people())
	})
	b.shot("home-pinned")

	// Why somebody is in, and why somebody else is not.
	b.open(crm + "queries")
	query := eval[string](b, `() => [...document.querySelectorAll('#queries a')].find(e => e.innerText === '老顾客').href`)
	b.open(query)
	b.shows(people)
	b.click("#aud-table a[href*='/why']")
	b.wait("#why-h")
	why := b.url()
	if got := b.text("main"); !strings.Contains(got, "购买次数") || eval[int](b, `() => document.querySelectorAll('.crm-whyc .crm-good').length`) != 2 {
		t.Errorf("both conditions should hold: %s", got)
	}
	stranger := text(t, school, "SELECT id::text FROM public.crm_learners WHERE status = 'active' AND paid_order_count = 0 ORDER BY id LIMIT 1")
	b.open(crm + "people/" + stranger + "/why" + query[strings.Index(query, "?"):])
	b.wait("#why-h")
	if eval[int](b, `() => document.querySelectorAll('.crm-whyc .crm-bad').length`) != 1 || eval[int](b, `() => document.querySelectorAll('.crm-whyn').length`) != 1 {
		t.Errorf("one condition should fail, and be the nearest miss: %s", b.text("main"))
	}
	b.shot("why-not")

	// The export holds everybody once, and comes back as a list.
	b.open(query)
	b.wait("#export-all")
	csv := eval[string](b, `() => { const f = document.querySelector('#export-all form'), x = new XMLHttpRequest();
		x.open('POST', f.action, false); x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
		x.send(new URLSearchParams(new FormData(f)) + '&format=csv'); return x.status + x.responseText }`)
	rows := strings.Split(strings.TrimSpace(strings.TrimPrefix(csv, "200")), "\r\n")
	if want := people(); len(rows)-1 == 0 || strconv.Itoa(len(rows)-1) != want || !strings.Contains(rows[0], "手机号") {
		t.Fatalf("%d rows for %s people: %.200s", len(rows)-1, want, csv)
	}
	var ids []string
	for _, row := range rows[1:] {
		id, _, _ := strings.Cut(row, ",")
		ids = append(ids, id)
	}
	b.open(crm + "lists/new")
	b.set("#l-name", "老顾客名单")
	b.set("#l-text", strings.Join(ids, "\n")+"\nnobody-9")
	b.choose("#l-kind", "id")
	b.click("main form .crm-btn-p")
	b.wait("#um-h")
	b.shot("list-report")
	b.click("main .crm-head-end .crm-btn-p")
	b.eventually(10*time.Second, "the list finds the people of the export", func() bool { return b.number("#aud-count .crm-fig") == len(ids) })

	looks(b, crm, map[string]string{"queries": "queries", "query-new": "queries/new" + query[strings.Index(query, "?"):], "why": strings.TrimPrefix(why, crm), "lists-new": "lists/new",
		"audience-query": "audience" + query[strings.Index(query, "?"):]})
}
