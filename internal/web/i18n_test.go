package web

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// lists holds each prefix of TK to the words that can follow it.
func prefixes() map[string][]string {
	channels := []string{string(h.ChannelSMS), string(h.ChannelEmail), string(h.ChannelMessage)}
	filters := make([]string, 0, 7)
	for _, f := range campaign.Filters() {
		filters = append(filters, filterKey(f))
	}
	var numbers []string
	for _, f := range segment.DefaultCatalog().Fields() {
		if f.Type == segment.Number {
			numbers = append(numbers, f.Key)
		}
	}
	out := map[string][]string{
		"nav":     {"home", "audience", "campaigns", "links", "templates", "sync"},
		"channel": channels, "weekday": {"0", "1", "2", "3", "4", "5", "6"},
		"learner": {string(h.LearnerActive), string(h.LearnerLocked), string(h.LearnerDeleted)},
		"gender":  {string(h.GenderMale), string(h.GenderFemale)},
		"target":  {string(h.TargetCourse), string(h.TargetClassroom), string(h.TargetMembership), string(h.TargetOther)},
		"feed":    append(words(projection.Feeds()), string(projection.Facts)),
		"failure": words(projection.Failures()),
		"reason":  projection.Codes(),
		"home.by": words(home.Steps()), "home.comp": homeKinds(), "home.comp_by": homeKinds(),
		"home.band.login": {"last", "span", "over", "none"}, "home.band.learning": {"last", "span", "over", "none"},
		"home.band.purchases": {"one", "span", "over", "none"}, "home.band.spend": {"below", "span", "over", "none"},
		"first":      {"sync", "email", "audience"},
		"first.why":  {"sync", "email", "audience"},
		"exclusion":  words(campaign.Exclusions()),
		"delivery":   words(campaign.DeliveryStates()),
		"stall":      {string(campaign.StallUnreachable), string(campaign.StallRefused)},
		"funnel":     {"matched", "accepted", "clicked", "paid"},
		"group":      {"all", "any", "none"},
		"sort":       words(segment.Sorts()),
		"reach":      desk.ReachWords(),
		"cond.bad":   badWords(),
		"enrollment": {string(h.EnrollmentActive), string(h.EnrollmentLocked), string(h.EnrollmentExpired), string(h.EnrollmentExited)},
		"suffix":     numbers,

		"campaign.state":       {string(campaign.Planning), string(campaign.Sending), string(campaign.Done)},
		"delivery.reason":      append(words(campaign.Reasons()), "unreachable", "refused"),
		"group.legend":         {"all", "any", "none"},
		"recipients.tab":       filters,
		"recipients.empty_why": filters,
		"composer.field":       composerFields(),
		"composer.title":       channels, "composer.test_to": channels, "templates.of": channels, "templates.empty_why": channels,
		"templates.state": {"draft", "submitted", "approved", "rejected"},
		"block.kind":      words(campaign.BlockKinds()), "block.field": blockFields(), "preview.width": {"desktop", "phone", "text"},
		"order.status":  {string(h.OrderPending), string(h.OrderPaid), string(h.OrderFulfilled), string(h.OrderFinished), string(h.OrderRefunding), string(h.OrderRefunded), string(h.OrderClosed)},
		"preset":        presets(),
		"queries.use":   useKinds(),
		"export":        exportNames(),
		"export.column": exportKeys(),
		"why.flag":      {"true", "false"}, "why.query": {"true", "false"},
		"list.field": listFields(), "list.kind": listKinds(), "list.bad": badReasons(),
		"short.state": append(words(shortlink.FreeStates()), allShortLinks), "short.field": shortFields(), "short.hint": utmFields(),
		"error.title": desk.Failures(), "error.text": desk.Failures(),
		"public.title": {"missing", "over", "busy"}, "public.text": {"missing", "over", "busy"},
	}
	for _, ch := range channels {
		out["exclusion."+ch] = []string{"no_contact", "same_contact", "no_consent", "suppressed"}
	}
	audiencePrefixes(out)
	recordPrefixes(out)
	statPrefixes(out)
	labelPrefixes(out)
	offeringPrefixes(out)
	reportPrefixes(out)
	followupPrefixes(out)
	personPrefixes(out)
	settingPrefixes(out)
	return out
}

func homeKinds() []string {
	return words([]home.Kind{home.ByLogin, home.ByPurchases, home.BySpend, home.ByLearning})
}

var (
	tRE  = regexp.MustCompile(`\bt "([^"]+)"`)
	tkRE = regexp.MustCompile(`\btk "([^"]+)"`)
	goRE = regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)+)"`)
	goTK = regexp.MustCompile(`\.TK\("([^"]+)"`)
)

// sources reads the package's templates and its Go files but tests.
func sources(t *testing.T) (templates, code string) {
	t.Helper()
	var html, golang strings.Builder
	err := fs.WalkDir(templateFS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templateFS.ReadFile(path)
		html.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		golang.Write(text)
	}
	return html.String(), golang.String()
}

// begins reports whether a prefix that the code completes, such as "op.", begins a known one.
func begins(known map[string][]string, prefix string) bool {
	for k := range known {
		if strings.HasSuffix(prefix, ".") && strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}

func TestMessagesAreAllThereAndUsed(t *testing.T) {
	t.Parallel()
	zh, err := readMessages(zhCN)
	if err != nil {
		t.Fatal(err)
	}
	html, code := sources(t)
	used := map[string]bool{}
	for _, m := range tRE.FindAllStringSubmatch(html, -1) {
		used[m[1]] = true
	}
	for _, m := range goRE.FindAllStringSubmatch(html+code, -1) {
		if _, ok := zh[m[1]]; ok {
			used[m[1]] = true
		}
	}
	known := prefixes()
	for _, m := range append(tkRE.FindAllStringSubmatch(html, -1), goTK.FindAllStringSubmatch(code, -1)...) {
		if _, ok := known[m[1]]; !ok && !begins(known, m[1]) {
			t.Errorf("no list holds the prefix %q", m[1])
		}
	}
	for prefix, list := range known {
		for _, word := range list {
			used[prefix+"."+word] = true
		}
	}
	for _, key := range problemKeys() {
		used[key] = true
	}
	for key := range used {
		if _, ok := zh[key]; !ok {
			t.Errorf("message %s is missing", key)
		}
	}
	for key := range zh {
		if !used[key] {
			t.Errorf("message %s is not used", key)
		}
	}
}

var placesRE = regexp.MustCompile(`\{(\d)\}`)

func places(text string) string {
	var out []string
	for _, m := range placesRE.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "")
}

func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	zh, err := readMessages(zhCN)
	if err != nil {
		t.Fatal(err)
	}
	english, err := readMessages(en)
	if err != nil {
		t.Fatal(err)
	}
	for key, m := range zh {
		e, ok := english[key]
		if !ok {
			t.Errorf("%s: no English", key)
			continue
		}
		if m.One != "" {
			t.Errorf("%s: Chinese has no singular", key)
		}
		if places(m.Other) != places(e.Other) || (e.One != "" && places(e.One) != places(e.Other)) {
			t.Errorf("%s: places differ: %q, %q, %q", key, m.Other, e.One, e.Other)
		}
		if m.Other == "" || strings.ContainsAny(e.Other+e.One, "，。：？（）、") {
			t.Errorf("%s: %q / %q", key, m.Other, e.Other)
		}
	}
	for key := range english {
		if _, ok := zh[key]; !ok {
			t.Errorf("%s: no Chinese", key)
		}
	}
}

// TestNoTextOutsideMessages holds templates and scripts to be without words.
func TestNoTextOutsideMessages(t *testing.T) {
	t.Parallel()
	html, _ := sources(t)
	script, err := staticFS.ReadFile("static/crm.js")
	if err != nil {
		t.Fatal(err)
	}
	if len(script) > 12<<10 {
		t.Errorf("crm.js has %d bytes", len(script))
	}
	if m := regexp.MustCompile(`\p{Han}+|[，。：？（）]`).FindString(html + string(script)); m != "" {
		t.Errorf("text in a template or script: %q", m)
	}
	text := regexp.MustCompile(`(?s)\{\{.*?\}\}`).ReplaceAllString(html, " ")
	text = regexp.MustCompile(`<meta name="htmx-config"[^\n]*|<[^>]*>|[a-z-]+="[^"]*"|&[a-z]+;`).ReplaceAllString(text, " ")
	if m := regexp.MustCompile(`[A-Za-z]{2,}`).FindString(text); m != "" {
		t.Errorf("text in a template: %q", m)
	}
}

func testLocale(t *testing.T, lang string) *locale {
	t.Helper()
	m, err := readMessages(lang)
	if err != nil {
		t.Fatal(err)
	}
	return &locale{lang: lang, messages: m, loc: time.FixedZone("CST", 8*3600), currency: "CNY", now: func() time.Time { return newWorld().now }}
}

func TestMessageForms(t *testing.T) {
	t.Parallel()
	zh, english := testLocale(t, zhCN), testLocale(t, en)
	for _, tt := range []struct{ got, want string }{
		{zh.T("count.people", 58632), "58,632 人"},
		{english.T("count.people", int64(1)), "1 person"},
		{english.T("count.people", 0), "0 people"},
		{english.T("count.people", 1204), "1,204 people"},
		{english.T("home.head", "Friday", 1), "Friday. 1 user"},
		{english.T("panel.share", 58632, "12.2%", "86 ms"), "12.2% of 58,632 users, counted in 86 ms"},
		{zh.T("count.people", "{1}"), "{1} 人"},
		{zh.T("no.such.key"), "no.such.key"},
		{zh.Problem(fault.Problem{Key: "problem.long", Args: []any{100_000}}), "太长，最多 100,000 字"},
		{zh.Problem(fault.Problem{Key: "problem.url_variable", Args: []any{"nickname"}}), zh.T("problem.url_variable", "用户名")},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	for _, key := range problemKeys() {
		if got := zh.Problem(fault.Problem{Key: key, Args: []any{1, 2}}); strings.Contains(got, "{0}") || got == key {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestLanguageIsChosen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ cookie, accept, want string }{
		{"", "", zhCN}, {"", "en-US,en;q=0.9", en}, {"", "en-US,zh-CN;q=0.5", zhCN}, {"", "fr", zhCN},
		{"en", "zh-CN", en}, {"zh-CN", "en", zhCN}, {"xx", "en", en},
	} {
		if got := chooseLanguage(tt.cookie, tt.accept); got != tt.want {
			t.Errorf("%v: %s", tt, got)
		}
	}
	s := newSite(t)
	s.do(visit{method: "GET", path: "/crm/", header: map[string][]string{"Accept-Language": {"en-GB"}}}).want(t, 200, `<html lang="en">`)
	if got := fmt.Sprint(s.get("/").Header["Set-Cookie"]); got != "[]" {
		t.Errorf("a page sets a cookie: %s", got)
	}
}
