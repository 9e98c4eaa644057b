package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
)

// site is a mounted panel to visit.
type site struct {
	t     *testing.T
	world *world
	web   *Web
	base  string
}

func newSite(t *testing.T, change ...func(*world, *Config)) *site {
	t.Helper()
	w := newWorld()
	c := w.config()
	for _, f := range change {
		f(w, &c)
	}
	site := &site{t: t, world: w, base: strings.TrimRight(c.BasePath, "/")}
	var err error
	if site.web, err = New(c); err != nil {
		t.Fatal(err)
	}
	return site
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

type visit struct {
	method, path string
	form         url.Values
	hx           string // the element that htmx swaps
	header       http.Header
}

func (s *site) do(v visit) answer {
	s.t.Helper()
	var body io.Reader
	if v.form != nil {
		body = strings.NewReader(v.form.Encode())
	}
	r := httptest.NewRequest(v.method, "http://school.example"+v.path, body)
	if v.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.hx != "" {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Target", v.hx)
	}
	for k, list := range v.header {
		r.Header[k] = list
	}
	rec := httptest.NewRecorder()
	s.web.Admin().ServeHTTP(rec, r)
	return answer{rec.Result(), rec.Body.String()}
}

func (s *site) get(path string) answer {
	s.t.Helper()
	return s.do(visit{method: "GET", path: s.base + path})
}

func (s *site) hx(path, target string) answer {
	s.t.Helper()
	return s.do(visit{method: "GET", path: s.base + path, hx: target})
}

func (s *site) post(path string, form url.Values) answer {
	s.t.Helper()
	return s.do(visit{method: "POST", path: s.base + path, form: form})
}

func (a answer) want(t *testing.T, status int, parts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s: status %d, want %d\n%.600s", a.name(), a.StatusCode, status, a.body)
	}
	for _, p := range parts {
		if !strings.Contains(a.body, p) {
			_, main, _ := strings.Cut(a.body, "<main")
			t.Errorf("%s: no %q in\n%.1500s", a.name(), p, main)
		}
	}
	return a
}

func (a answer) lacks(t *testing.T, parts ...string) answer {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(a.body, p) {
			t.Errorf("%s: has %q", a.name(), p)
		}
	}
	return a
}

func (a answer) name() string { return a.Header.Get("Location") + " answer" }

var (
	linkRE = regexp.MustCompile(` (?:href|src|action|hx-get)="([^"]*)"`)
	postRE = regexp.MustCompile(` (?:formaction|hx-post)="([^"]*)"`)
)

// links lists the addresses on a page, unescaped.
func (a answer) links(re *regexp.Regexp) []string {
	var out []string
	for _, m := range re.FindAllStringSubmatch(a.body, -1) {
		out = append(out, strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#39;", "'", "&#34;", `"`).Replace(m[1]))
	}
	return out
}

// token stores a selection of everyone but two and gives its token.
func (s *site) token() string {
	s.t.Helper()
	token, err := s.web.Segments.Select(context.Background(), allBut(segment.Everyone(), []int64{2, 3}))
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// begun is the draft that an answer leads to.
func (s *site) begun(a answer) campaign.Draft {
	s.t.Helper()
	to := a.Header.Get("Location") + a.Header.Get("HX-Redirect")
	d, ok := s.world.drafts[strings.TrimPrefix(to, s.base+"/drafts/")]
	if !ok {
		s.t.Fatalf("%s is no draft", to)
	}
	return d
}

// pagesToSee are addresses that show every page and state; %s is a token.
func (s *site) pagesToSee() []string {
	token := s.token()
	rule := url.QueryEscape(`{"any":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"all":[{"field":"bought","op":"none_of","value":[1,404]},{"none":[{"field":"paid_total","op":"between","value":[100,200050]},{"field":"registered","op":"between","value":["2026-01-01","2026-02-01"]},{"field":"paid_count","op":"between","value":[1,3]}]},{"field":"member_level","op":"empty"},{"field":"last_paid","op":"before","value":"2026-01-01"}]}]}`)
	return []string{
		"/", "/audience", "/audience?q=" + rule, "/audience?s=" + token, "/audience?all=1&sort=spend&size=50", "/audience?after=20&page=2",
		"/audience?q=" + url.QueryEscape(`{"all":[]}`), "/audience?x=7&cols=contact,region,last_paid", "/audience?x=none",
		"/audience?q=" + url.QueryEscape(`{"all":[{"field":"activity","of":{"type":["view"],"offering":[1],"within":{"last":14,"unit":"day"}},"op":"ge","value":3},{"field":"contacted","of":{"channel":["sms"]},"op":"this","unit":"week"},{"field":"query","op":"in","value":[1]}]}`),
		"/audience?g.=all&c.0.f=last_login&c.0.op=in_last&c.0.v=x&c.0.u=day&c.1.f=gone&c.1.op=eq&c.1.r=1&c.2.f=bought&c.2.op=any_of&pick=2",
		"/campaigns", "/campaigns?after=11", "/campaigns/12", "/campaigns/11", "/campaigns/12?f=unknown", "/campaigns/12?f=excluded&after=6",
		"/campaigns/12/clicks", "/campaigns/12/clicks?by=day", "/campaigns/12/clicks?link=8", "/campaigns/11/clicks", "/campaigns/13/clicks", "/campaigns?direct=1", "/campaigns?channel=sms", "/campaigns/13", "/campaigns/14", "/campaigns/14?f=failed&reason=invalid", "/campaigns/14?f=late", "/campaigns/14/cancel", "/campaigns/14/resend",
		"/people/1/message", "/people/8/message", "/people/1/followups/new", "/people/8/followups/new?back=/crm/followups",
		"/courses", "/courses?q=x&status=all&sort=title&dir=desc&open=1&category=%E8%80%83%E7%A0%94", "/courses?q=nothing", "/classrooms", "/classrooms?sort=conversion",
		"/courses/12", "/courses/12?days=7&tab=pending", "/courses/12?days=all&tab=enrolled&study=stalled", "/courses/12?tab=past&after=20", "/courses/12?tab=withdrawn&all=1", "/courses/12?behaviour=view&level=high&seen=14&x=7",
		"/courses/13?tab=withdrawn", "/courses/14", "/courses/14?x=7", "/classrooms/15", "/courses/12/intent?learner=1", "/classrooms/15/intent?learner=2",
		"/reports", "/reports?days=all&by=channel&sort=rate", "/reports?by=weekday", "/reports?by=hour&sort=revenue&dir=asc", "/reports?by=audience", "/reports?by=staff", "/reports?by=template", "/reports/offerings", "/reports/offerings?by=category&sort=refund_rate", "/reports/offerings?by=kind", "/reports/audience", "/reports/audience?days=all", "/reports/audience?days=30&by=day",
		"/labels", "/labels/1", "/labels/12", "/labels/bulk?s=" + token, "/labels/bulk?q=" + rule, "/labels/batches/1", "/labels/batches/4", "/people/1/interests", "/people/2/interests",
		"/followups", "/followups?who=team", "/followups?who=team&state=overdue&after=2", "/followups?state=today", "/followups/1?saved=1", "/followups/2", "/followups/4", "/followups/new?s=" + token, "/followups/new?q=" + rule, "/suppressions", "/suppressions?channel=sms",
		"/campaigns/new?s=" + token, "/campaigns/new?q=" + rule, "/drafts/SMSDRAFT", "/drafts/MAILDRAFT", "/drafts/PMDRAFT", "/drafts/EMPTYDRAFT?check=1", "/drafts/ONEDRAFT", "/drafts/MAILDRAFT?as=2&w=phone", "/drafts/MAILDRAFT?w=text",
		"/drafts/SMSDRAFT/people", "/drafts/SMSDRAFT/people?reason=no_contact", "/drafts/SMSDRAFT/people?reason=contacted&after=2", "/drafts/SMSDRAFT/drop",
		"/templates", "/templates?channel=email", "/templates/new?channel=sms", "/templates/new?channel=email", "/templates/new?channel=message", "/templates/new?draft=MAILDRAFT", "/templates/1", "/templates/3", "/templates/4", "/templates/5", "/templates/4/archive",
		"/links", "/links?state=all", "/links?state=archived&q=x", "/links/new", "/links/1", "/links/2", "/links/3", "/links/4?saved=1", "/links/4/archive",
		"/people/1", "/people/8", "/people/1?tab=orders", "/people/1?tab=courses", "/people/1?tab=marketing", "/people/1?tab=followups", "/people/1?tab=details", "/people/8?tab=courses", "/people/1?kind=buying&after=more", "/people/1/print", "/people/2/why", "/people/8/why?query=2", "/people/2/why?q=" + rule,
		"/queries", "/queries/new?q=" + rule, "/queries/1/edit", "/queries/2/edit?q=" + rule, "/queries/2/delete", "/audience?query=2", "/lists/new", "/settings", "/settings?saved=1", "/settings/channels", "/settings/staff", "/settings/audit", "/settings/audit?staff=7&action=settings.changed&from=x&before=951", "/health", "/people/1/erase", "/sync", "/sync/problems", "/sync/problems?after=2",
	}
}
