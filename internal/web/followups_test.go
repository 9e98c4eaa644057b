package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func TestRemindersAreListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/followups").want(t, 200, `aria-current="page">我的`, "已逾期 1,204", "应在 3 天前", "问能不能分期", "意向 高", "高等数学公开课", `href="/crm/people/1"`,
		`action="/crm/followups/1/done"`, `name="back" value="/crm/followups"`, `/crm/people/1/followups/new?back=%2Fcrm%2Ffollowups`, strings.Repeat("长", shortContent)+"…")
	if strings.Contains(a.body, "同事 8") || strings.Count(a.body, `<tr><td><div class="crm-who">`) != 2 {
		t.Error("my own reminders are not listed alone")
	}
	s.get("/followups?who=team&state=overdue").want(t, 200, `href="/crm/followups?state=overdue"`, "问能不能分期").lacks(t, "同事 8")
	s.get("/followups?who=team").want(t, 200, "同事 8", `href="/crm/followups?after=2&amp;who=team"`, "&lt;script&gt;")
	s.hx("/followups?state=today", "followups").want(t, 200, "“今天”没有待办的跟进").lacks(t, "<html")
	s.get("/followups?state=never").want(t, 422)
	s.world.staff.Permissions = without("followup")
	s.get("/followups").want(t, 200, "问能不能分期").lacks(t, "/followups/1/done", "记录跟进")
}

// TestBadge is beside the menu of every page, and up to 99.
func TestBadge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	badge := func() string { return between(t, s.get("/sync").body, `href="/crm/followups"`, "</a>") }
	if got := badge(); !strings.Contains(got, "<b>1</b>") {
		t.Errorf("one is overdue: %s", got)
	}
	late := s.world.followups.notes[0]
	for range 150 {
		s.world.followups.notes = append(s.world.followups.notes, late)
	}
	if got := badge(); !strings.Contains(got, "<b>99&#43;</b>") {
		t.Errorf("many are overdue: %s", got)
	}
	s.world.followups.notes = nil
	if got := badge(); strings.Contains(got, "<b>") {
		t.Errorf("none is overdue: %s", got)
	}
}

// noteForm is a form that is right.
func noteForm(pairs ...string) url.Values {
	v := values("method", "phone", "intent", "high", "offering", "3", "content", "问全程班能不能分 3 期", "date", "2026-11-23", "time", "15:00", "owner", "8", "key", "K")
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestFollowingUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.post("/people/1/followups", noteForm()).want(t, 303)
	if to := a.Header.Get("Location"); to != "/crm/people/1?tab=followups" {
		t.Errorf("goes on at %s", to)
	}
	got := s.world.followups.notes[4].Entry
	want := followup.Entry{Learner: 1, Offering: 3, Method: followup.Phone, Content: "问全程班能不能分 3 期", Intent: funnel.High,
		NextAt: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), OwnerID: "8", OwnerName: "<b>李老师</b>", Key: "K"}
	if got != want {
		t.Errorf("entered %+v", got)
	}
	if len(s.world.followups.levels) != 1 || fmt.Sprint(s.world.deeds()) != "[followup.added followup:5]" {
		t.Errorf("%v; %v", s.world.followups.levels, s.world.deeds())
	}
	if detail := fmt.Sprint(s.world.audited[0].Detail); strings.Contains(detail, "分") {
		t.Errorf("the record has what was said: %s", detail)
	}
	for back, to := range map[string]string{"/crm/followups?who=team": "/crm/followups?who=team", "https://evil.example/": "/crm/people/1?tab=followups"} {
		if got := s.post("/people/1/followups", noteForm("back", back)).want(t, 303).Header.Get("Location"); got != to {
			t.Errorf("back to %s: %s", back, got)
		}
	}
	s.post("/people/999/followups", noteForm()).want(t, 404)
}

// TestFollowupCard is sent from a person's page and stays there.
func TestFollowupCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	send := func(target string, form url.Values) answer {
		return s.do(visit{method: "POST", path: "/crm/people/1/followups", form: form, hx: target})
	}
	a := send("followup-form", noteForm()).want(t, 200, `id="followup-form"`, "已保存", `value="7" selected>我（周敏）`).lacks(t, "<html", "分 3 期", `value="K"`)
	if a.Header.Get("HX-Trigger") != "noted" {
		t.Error("the rest of the page is not told")
	}
	a = send("followup-form", noteForm("content", " ", "date", "2026-11-20", "time", "08:00")).want(t, 422, `href="#fu-content"`, `href="#fu-next"`, "请填写", "请选将来的时间", `value="2026-11-20"`, `value="08:00"`, `value="K"`, `value="high" selected`)
	a.lacks(t, "<html", "已保存")
	send("dialog", noteForm("content", "")).want(t, 422, "<dialog", "请填写")
	if to := send("dialog", noteForm("back", "/crm/followups")).want(t, 200).Header.Get("HX-Redirect"); to != "/crm/followups" {
		t.Errorf("the dialog goes on at %s", to)
	}
	s.hx("/people/1/followups/new?back=/crm/followups", "dialog").want(t, 200, "<dialog", `value="/crm/followups"`, "跟进：许知夏")
	form, err := s.web.followupForm(&request{r: &http.Request{}, staff: h.Staff{}}, 1)
	if form != nil || err != nil {
		t.Errorf("a form for who may not write: %v, %v", form, err)
	}
}

func TestWrongFollowups(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		form url.Values
		want string
	}{
		"method":       {noteForm("method", "pigeon"), "不是可选的值"},
		"level":        {noteForm("intent", "huge"), "不是可选的值"},
		"offering":     {noteForm("offering", "x"), "不是可选的值"},
		"owner":        {noteForm("owner", "nobody"), "不是可选的值"},
		"long":         {noteForm("content", strings.Repeat("长", 2001)), "太长，最多 2,000 字"},
		"no date":      {noteForm("date", "2026-13-01"), "请填日期和时间"},
		"time alone":   {noteForm("date", ""), "请填日期和时间"},
		"far":          {noteForm("date", "2029-01-01"), "最远 2 年以后"},
		"plan, no day": {noteForm("method", "plan", "date", "", "time", ""), "请填写"},
	} {
		s := newSite(t)
		s.post("/people/1/followups", tt.form).want(t, 422, tt.want)
		if len(s.world.followups.notes) != 4 || len(s.world.audited) != 0 {
			t.Errorf("%s: was entered", name)
		}
	}
	s := newSite(t)
	s.post("/people/1/followups", noteForm("time", "", "owner", "", "offering", "", "intent", "")).want(t, 303)
	if e := s.world.followups.notes[4].Entry; !e.NextAt.Equal(time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)) || e.OwnerName != "周敏" || e.Intent != "" {
		t.Errorf("a date alone: %+v", e)
	}
	s = newSite(t, func(_ *world, c *Config) {
		c.Senders = func(context.Context) ([]h.Staff, error) { return nil, errors.New("away") }
	})
	s.get("/people/1/followups/new").want(t, 200, "我（周敏）")
}

func TestEditingAFollowup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/followups/1").want(t, 200, "问能不能分期", `name="version" value="2"`, "没接通", "由 周敏 修改", `value="9" selected>高等数学公开课`, `action="/crm/followups/1/done"`)
	s.get("/followups/2").want(t, 200, "只有添加人和负责人可以修改").lacks(t, "<textarea")
	form := noteForm("version", "2", "owner", "7", "offering", "9", "content", "分期可以", "date", "2026-11-17", "time", "20:05")
	form.Del("key")
	if to := s.post("/followups/1", form).want(t, 303).Header.Get("Location"); to != "/crm/followups/1?saved=1" {
		t.Errorf("goes on at %s", to)
	}
	if f := s.world.followups.notes[0]; f.Version != 3 || f.Content != "分期可以" || f.Learner != 1 || f.OwnerName != "同事 7" {
		t.Errorf("edited to %+v", f)
	}
	s.post("/followups/1", form).want(t, 409, "其他同事刚刚改过", "分期可以", `name="version" value="3"`)
	form.Set("version", "3")
	form.Set("content", "")
	s.post("/followups/1", form).want(t, 422, "请填写")
	s.post("/followups/2", form).want(t, 403)
	s.get("/followups/99").want(t, 404)
	s.get("/followups/x").want(t, 404)
	s.post("/followups/1/done", url.Values{"back": {"//evil.example"}}).want(t, 303)
	if s.world.followups.notes[0].Open() {
		t.Error("not ticked off")
	}
	s.post("/followups/99/done", url.Values{}).want(t, 404)
	s.world.staff.Permissions = without("followup")
	s.post("/followups/3/done", url.Values{}).want(t, 403)
	s.get("/followups/3").want(t, 200).lacks(t, "<textarea", "/done")
}

func TestPlanForAnAudience(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/audience").want(t, 200, `formaction="/crm/followups/select"`, "加入跟进")
	to := s.post("/followups/select", url.Values{"mode": {"ids"}, "person": {"2", "3"}}).want(t, 303).Header.Get("Location")
	path, ok := strings.CutPrefix(to, "/crm")
	if !ok || !strings.HasPrefix(path, "/followups/new?s=") || len(s.world.stored) != 1 {
		t.Fatalf("ticked people go to %s", to)
	}
	a := s.get(path).want(t, 200, "把 45 人加入跟进", `name="date" value="2026-11-21"`, `value="09:00"`).lacks(t, "fu-method")
	form := url.Values{"s": {strings.TrimPrefix(path, "/followups/new?s=")}, "key": {"K"}, "date": {"2026-11-21"}, "time": {"10:00"}, "content": {"回访"}, "owner": {"8"}}
	s.post("/followups/new", form).want(t, 200, "45 人已加入跟进", "2026-11-21 10:00 提醒 &lt;b&gt;李老师")
	if e := s.world.followups.plans["K"]; e.Method != followup.Plan || e.Content != "回访" || e.OwnerID != "8" || !e.NextAt.Equal(time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("plan %+v", e)
	}
	s.post("/followups/new", form).want(t, 200, "没有重复加入")
	form.Set("date", "2026-11-19")
	s.post("/followups/new", form).want(t, 422, "请选将来的时间", `value="2026-11-19"`)
	// Each sending of the form is on record, with its key; what made no sense is not.
	if got := fmt.Sprint(s.world.deeds()); got != "[followup.planned followups followup.planned followups]" {
		t.Errorf("recorded %s", got)
	}
	s.world.counts.Matched = followup.MaxPeople + 1
	s.post("/followups/new", url.Values{"key": {"L"}, "date": {"2026-11-21"}}).want(t, 422, "一次最多 10,000 人")
	s.get("/followups/new").want(t, 200, "一次最多 10,000 人", "disabled")
	if to := s.post("/followups/select", url.Values{"mode": {"ids"}}).want(t, 303).Header.Get("Location"); to != "/crm/audience" {
		t.Errorf("nobody ticked: %s", to)
	}
	if strings.Contains(a.body, `{"field"`) {
		t.Error("a rule of people is on the page")
	}
	s.world.staff.Permissions = without("followup")
	s.get("/audience").want(t, 200).lacks(t, "/followups/select")
	s.world.staff.Permissions = []h.Permission{h.PermView, h.PermFollowup}
	s.get("/audience").want(t, 200, "/followups/select", `name="person"`).lacks(t, `name="channel"`)
	s.post("/audience/select", url.Values{"mode": {"all"}}).want(t, 403)
}

// TestFollowupsAreOfOnePerson is what a person's page is given.
func TestFollowupsAreOfOnePerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, err := s.web.Followups.Of(t.Context(), segment.PersonID(1), "", 10)
	if err != nil || len(p.Followups) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	s.world.fail = fault.ErrUnavailable
	s.get("/followups").want(t, 503)
}

// TestOwnersAreRemembered: a host that is slow is not asked by every form.
func TestOwnersAreRemembered(t *testing.T) {
	t.Parallel()
	asked := 0
	s := newSite(t, func(_ *world, c *Config) {
		c.Senders = func(context.Context) ([]h.Staff, error) {
			if asked++; asked > 1 {
				return nil, errors.New("away")
			}
			return []h.Staff{{ID: "8", Name: "李老师"}, {ID: "9"}}, nil
		}
	})
	see := func(want int) {
		t.Helper()
		s.get("/people/1/followups/new").want(t, 200, `<option value="8">李老师`, `<option value="9">9`)
		if asked != want {
			t.Errorf("asked %d times, want %d", asked, want)
		}
	}
	see(1)
	see(1)
	s.world.now = s.world.now.Add(2 * time.Minute)
	see(2) // who answered last is still known
	see(2)
}
