package proof

import (
	"bytes"
	"database/sql"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/demo"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// asker asks the panel, with one of each thing that has a page.
type asker struct {
	crm    string // the panel's address, without a slash at the end
	mount  string // the path of it
	client *http.Client
	ids    map[string]string // by the folder of the path
}

func newAsker(t *testing.T, a *demo.Academy, school *sql.DB) *asker {
	t.Helper()
	m := &asker{crm: strings.TrimSuffix(a.CRMURL(), "/"), mount: strings.TrimSuffix(strings.TrimPrefix(a.CRMURL(), a.URL), "/"), ids: map[string]string{},
		client: &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	waitFor(t, 2*time.Minute, "the first sync is over", func() bool {
		return text(t, school, "SELECT count(*)::text FROM public.crm_sync_feeds WHERE feed = 'facts' AND caught_up_at IS NOT NULL") == "1"
	})
	for folder, query := range map[string]string{
		"people":     "SELECT id::text FROM public.crm_learners WHERE status = 'active' AND email <> '' AND consent_message = 'granted' ORDER BY id LIMIT 1",
		"courses":    "SELECT id::text FROM public.crm_offerings WHERE type = 'course' ORDER BY id LIMIT 1",
		"classrooms": "SELECT id::text FROM public.crm_offerings WHERE type = 'classroom' ORDER BY id LIMIT 1",
		"queries":    "SELECT id::text FROM public.crm_queries ORDER BY id LIMIT 1",
	} {
		m.ids[folder] = text(t, school, query)
	}
	person := "/people/" + m.ids["people"]
	m.ids["labels"] = m.find(t, school, "crm_labels", "/labels", url.Values{"name": {"回访过"}})
	m.ids["batches"] = m.make(t, "/labels/bulk", url.Values{"label": {m.ids["labels"]}, "do": {"add"}, "key": {"matrix"}})
	m.ids["followups"] = m.find(t, school, "crm_followups", person+"/followups", url.Values{"method": {"phone"}, "content": {"想看看课程大纲"}, "key": {"matrix"}})
	m.ids["links"] = m.make(t, "/links", url.Values{"title": {"招生简章"}, "target": {a.URL + "/courses"}, "key": {"matrix"}})
	m.ids["templates"] = m.find(t, school, "crm_templates", "/templates", url.Values{"channel": {"message"}, "name": {"回访"}, "text": {"你好"}, "step": {"save"}})
	m.ids["campaigns"] = m.campaign(t, school)
	m.ids["offerings"] = m.ids["courses"]
	m.ids["drafts"] = m.make(t, "/campaigns/new", url.Values{"query": {m.ids["queries"]}, "channel": {"email"}})
	return m
}

// campaign writes to one person, and gives the number of the campaign when it is over.
func (m *asker) campaign(t *testing.T, school *sql.DB) string {
	t.Helper()
	at := "/drafts/" + m.make(t, "/people/"+m.ids["people"]+"/message", url.Values{"channel": {"message"}})
	sender := text(t, school, "SELECT id::text FROM academy.users WHERE roles LIKE '%operator%' ORDER BY id LIMIT 1")
	form := url.Values{"form": {"1"}, "name": {"回访"}, "text": {"你好，有什么可以帮你的吗？"}, "from": {sender}, "step": {"confirm"}}
	_, _, page := m.ask(t, http.MethodPost, at, owner(), form)
	said := regexp.MustCompile(`name="n" value="(\d+)"><input type="hidden" name="version" value="([^"]+)"`).FindStringSubmatch(page)
	if said == nil {
		t.Fatalf("the draft cannot be sent: %s", page)
	}
	id := m.make(t, at, url.Values{"step": {"send"}, "n": {said[1]}, "version": {said[2]}})
	waitFor(t, time.Minute, "the campaign is over", func() bool {
		return text(t, school, "SELECT state FROM public.crm_campaigns WHERE id = $1", id) == "done"
	})
	return id
}

// at fills the variables of a path.
func (m *asker) at(pattern string) string {
	pattern = strings.TrimSuffix(pattern, "{$}")
	folder := strings.Split(pattern, "/")[1]
	if strings.HasPrefix(pattern, "/labels/batches/") {
		folder = "batches"
	}
	id := m.ids[folder]
	if id == "" {
		id = "1"
	}
	return regexp.MustCompile(`\{\w+\}`).ReplaceAllString(strings.NewReplacer("{id}", id, "{key}", id).Replace(pattern), "1")
}

// ask gives the answer's status, where it sends and the page.
func (m *asker) ask(t testing.TB, method, at, who string, form url.Values) (status int, location, page string) {
	t.Helper()
	return m.send(t, method, at, who, "application/x-www-form-urlencoded", form.Encode())
}

// send asks with a body of a kind.
func (m *asker) send(t testing.TB, method, at, who, kind, body string) (status int, location, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, m.crm+at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", kind)
	}
	if who != "" {
		r.Header.Set(actorHeader, who)
	}
	answer, err := m.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Location"), string(bytes.TrimSpace(text))
}

// owner may do everything.
func owner() string { return actor(hostadapter.ScopeAll, hostadapter.AllPermissions()...) }

// find posts a form as the owner and gives the number of what was made.
func (m *asker) find(t testing.TB, school *sql.DB, table, at string, form url.Values) string {
	t.Helper()
	m.make(t, at, form)
	return text(t, school, "SELECT max(id)::text FROM public."+table)
}

// make posts a form as the owner and gives the last part of the address that it leads to.
func (m *asker) make(t testing.TB, at string, form url.Values) string {
	t.Helper()
	status, location, page := m.ask(t, http.MethodPost, at, owner(), form)
	if status != http.StatusSeeOther {
		t.Fatalf("POST %s answers %d: %s", at, status, page)
	}
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return path.Base(u.Path)
}
