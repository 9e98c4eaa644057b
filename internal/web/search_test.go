package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// find types into the box of the top bar.
func (s *site) find(text string) answer {
	s.t.Helper()
	return s.post("/search", url.Values{"find": {text}})
}

// only leaves some of the school's people, all of whom every search finds.
func only(n int) func(*world, *Config) {
	return func(w *world, _ *Config) {
		w.people = w.people[:n]
		w.counts.Matched = int64(n)
	}
}

// blind is staff who may not see contacts.
func blind(w *world, _ *Config) { w.staff.Permissions = without(h.PermContactView) }

func TestSearchBoxIsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/", "/audience", "/courses", "/no/such/page"} {
		a := s.get(path)
		if n := strings.Count(a.body, `role="search" method="post" action="/crm/search"`); n != 2 { // one of them in the menu of narrow screens
			t.Errorf("%s has %d boxes", path, n)
		}
		if !strings.Contains(a.body, `aria-label="搜索用户、手机号或课程"`) {
			t.Errorf("%s: the box has no name", path)
		}
	}
	newSite(t, blind).get("/").want(t, 200, `aria-label="搜索用户或课程"`).lacks(t, "搜索用户、手机号或课程")
}

func TestSearchGoesToTheOnePerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, only(1))
	if to := s.find(" +86 138 0013 5621 ").want(t, http.StatusSeeOther).Header.Get("Location"); to != "/crm/people/1" {
		t.Errorf("goes to %s", to)
	}
	if len(s.world.located) != 1 || s.world.located[0] != (segment.IDEntry{Kind: segment.KindMobile, Value: "13800135621"}) {
		t.Errorf("looked for %v", s.world.located)
	}
}

// What was typed stands in no address, whatever the answer.
func TestSearchGoesToTheAudience(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.find("none").want(t, http.StatusSeeOther)
	token := location(t, a).Get("s")
	if to := a.Header.Get("Location"); to != "/crm/audience?s="+token {
		t.Errorf("goes to %s", to)
	}
	if got := canonical(s.world.stored[token]); got != `{"any":[{"field":"nickname","op":"contains","value":"none"},{"field":"real_name","op":"contains","value":"none"}]}` {
		t.Errorf("stored %s", got)
	}
	s.get("/audience?s="+token).want(t, 200, `value="none"`)
	if to := s.find(" ").want(t, http.StatusSeeOther).Header.Get("Location"); to != "/crm/audience" {
		t.Errorf("nothing typed goes to %s", to)
	}
}

func TestSearchShowsPeopleAndOfferings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.find("数学").want(t, 200, "许知夏", "user_00", `href="/crm/people/1"`, `href="/crm/audience?s=`, "在用户营销中查看全部",
		`href="/crm/courses/1"`, "考研数学 数学", `value="数学"`)
	for _, link := range append(a.links(linkRE), a.links(postRE)...) {
		if unescaped, _ := url.QueryUnescape(link); strings.Contains(unescaped, "数学") {
			t.Errorf("what was typed is in the address %s", link)
		}
	}
	a.lacks(t, "13800135621", "secret00")
	newSite(t, only(1)).find("数学").want(t, 200, `href="/crm/people/1"`).lacks(t, "在用户营销中查看全部")
}

func TestSearchFindsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, only(0))
	s.find("none").want(t, 200, "没有找到匹配的用户或课程", "也可以输入完整的用户 ID、手机号或邮箱")
	s.find("13800135621").want(t, 200, "没有找到匹配的用户或课程", `value="13800135621"`)
}

// TestSearchForContactsNeedsPermission: who may not see contacts cannot ask who has one either.
func TestSearchForContactsNeedsPermission(t *testing.T) {
	t.Parallel()
	s := newSite(t, only(0), blind)
	for _, contact := range []string{"13800135621", "+86 138-0013-5621", "secret00@example.com"} {
		s.find(contact).want(t, 200, "你没有查看联系方式的权限")
	}
	if s.world.located != nil {
		t.Errorf("looked for %v", s.world.located)
	}
}
