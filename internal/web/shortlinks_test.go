package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/shortlink"
)

func TestShortLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/links").want(t, 200, "开放日海报", "https://s.example.com/open-day", "www.example.com</span>", "公众号菜单", "https://s.example.com/k7ad2f04", "周敏", "有效", "新建短网址", `href="/crm/links/1"`, `aria-current="page"`).
		lacks(t, "国庆群活动", "去年的", "下一页")
	s.get("/links?state=over").want(t, 200, "国庆群活动", "已到期").lacks(t, "开放日海报")
	s.get("/links?state=archived").want(t, 200, "去年的 &lt;b&gt;海报", "已归档").lacks(t, "<b>海报", "开放日海报")
	a := s.get("/links?state=all&q=a").want(t, 200, "公众号菜单", `value="a"`, `name="state" value="all"`, "after=2").lacks(t, "国庆群活动")
	s.do(visit{method: "GET", path: strings.ReplaceAll(between(t, a.body, `id="short-links-next" href="`, `"`), "&amp;", "&")}).want(t, 200, "去年的", "国庆群活动", "回到第一页").lacks(t, "公众号菜单", "下一页")
	s.hx("/links?q=%E5%BC%80%E6%94%BE", "short-links").want(t, 200, "开放日海报").lacks(t, "公众号菜单", "<html")
	s.get("/links?q="+url.QueryEscape(`"><script>alert(1)</script>`)).want(t, 200, "没有符合的短网址").lacks(t, "<script>alert")
	s.get("/links?q="+strings.Repeat("长", 3000)).want(t, 200, "没有符合的短网址")
	s.get("/links?state=current&q=%00%ff").want(t, 200)
	s.get("/links?state=gone").want(t, http.StatusNotFound)
	s.get("/links?after=nonsense").want(t, http.StatusUnprocessableEntity)

	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/links").want(t, 200, "开放日海报").lacks(t, "新建短网址")
	s.world.links = nil
	s.get("/links").want(t, 200, "没有符合的短网址")
	s.get("/links?state=all").want(t, 200, "还没有短网址")
}

func TestShortLinkPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/links/1").want(t, 200, "<h1>开放日海报</h1>", "https://s.example.com/open-day", "https://s.example.com/k7ad2f01", "https://www.example.com/open-day?room=1&amp;utm_source=poster&amp;utm_campaign=%E6%98%A5%E6%8B%9B",
		`src="/crm/links/1/qr.svg"`, `href="/crm/links/1/qr.svg?download=1"`, `type="datetime-local"`, `value="2026-11-22T20:05"`, `id="utm" open`, `value="poster"`, "已经有人点过，名字不能再改", "归档").
		lacks(t, `name="slug"`, "恢复</button>")
	s.get("/links/1?by=day").want(t, 200, `id="click-stats"`)
	if a := s.hx("/links/1?by=day", "click-stats").lacks(t, "<html", `name="title"`); a.StatusCode != 200 || !strings.Contains(a.body, `id="click-stats"`) {
		t.Errorf("the clicks alone: %d", a.StatusCode)
	}
	s.get("/links/4").want(t, 200, `name="slug" value=""`, `id="utm"><summary>`).lacks(t, "已经有人点过，名字不能再改", "不变的地址")
	s.get("/links/2").want(t, 200, "改一下到期时间就能重新打开")
	s.get("/links/3").want(t, 200, "去年的 &lt;b&gt;海报", "恢复</button>", "已经归档").lacks(t, "<b>海报", `href="/crm/links/3/archive"`)
	for _, path := range []string{"/links/9", "/links/x", "/links/-1", "/links/9/qr.svg", "/links/9/archive"} {
		s.get(path).want(t, http.StatusNotFound)
	}
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/links/1").want(t, 200, "开放日海报", "qr.svg").lacks(t, `name="title"`, "归档</a>", "/archive")
	s.get("/links/1/qr.svg").want(t, 200)
	for _, path := range []string{"/links/new", "/links/1/archive"} {
		s.get(path).want(t, http.StatusForbidden)
	}
	for _, path := range []string{"/links", "/links/1", "/links/1/archive", "/links/1/restore"} {
		s.post(path, shortTyped()).want(t, http.StatusForbidden)
	}
	if len(s.world.links) != 4 || s.world.links[0].Archived || len(s.world.audited) != 0 {
		t.Error("something was done without permission")
	}
}

// shortTyped is a filled form, with other values for some fields.
func shortTyped(pairs ...string) url.Values {
	f := url.Values{"key": {"FORM"}, "title": {"新的 海报"}, "target": {"https://www.example.com/new?a=1"}, "slug": {"New-Poster"}, "expires": {"2026-12-01T08:30"},
		"utm.source": {"poster"}, "utm.medium": {""}, "utm.campaign": {""}, "utm.content": {"蓝色"}, "utm.term": {""}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func TestMakingAShortLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/links/new").want(t, 200, "新建短网址", "https://s.example.com/", "北京时间")
	if b := s.get("/links/new"); between(t, a.body, `name="key" value="`, `"`) == between(t, b.body, `name="key" value="`, `"`) {
		t.Error("two forms have one key")
	}
	typed := shortTyped("back", "https://evil.example", "next", "//evil.example", "url", "https://evil.example")
	for range 2 { // a double click, or the page loaded again
		if got := s.post("/links", typed).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/links/5" {
			t.Errorf("Location %q", got)
		}
	}
	if len(s.world.links) != 5 {
		t.Fatalf("%d links", len(s.world.links))
	}
	made := s.world.links[4]
	want := shortlink.FreeForm{Title: "新的 海报", Target: "https://www.example.com/new?a=1", Slug: "new-poster", UTM: shortlink.UTM{Source: "poster", Content: "蓝色"},
		Expires: time.Date(2026, 12, 1, 0, 30, 0, 0, time.UTC)}
	if made.Form() != want || made.ByName != "周敏" || made.ByID != "7" || made.Kind != shortlink.LinkFree {
		t.Errorf("made %+v", made)
	}
	for _, e := range s.world.audited {
		if e.Action != "link.saved" || e.Object != "link:5" || strings.Contains(e.Detail["target"].(string), "example") {
			t.Errorf("recorded %+v", e)
		}
	}

	// Back, something changed, and sent again: that is another link, when it is meant.
	typed.Set("title", "另一张")
	typed.Set("slug", "")
	again := s.post("/links", typed).want(t, http.StatusUnprocessableEntity, "已经生成过一个短网址", `value="另一张"`)
	key := between(t, again.body, `name="key" value="`, `"`)
	if key == "FORM" || key == "" {
		t.Errorf("key %q", key)
	}
	typed.Set("key", key)
	s.post("/links", typed).want(t, http.StatusSeeOther)
	if len(s.world.links) != 6 || s.world.links[5].Title != "另一张" {
		t.Errorf("%d links", len(s.world.links))
	}
}

func TestShortLinkProblems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const evil = `"><script>alert(1)</script>`
	version := between(t, s.get("/links/4").body, `name="version" value="`, `"`)
	for _, tt := range []struct{ field, value, text string }{
		{"title", " ", "请填写"}, {"title", strings.Repeat("长", 61), "最多 60 字"},
		{"target", "", "请填写"}, {"target", "www.example.com", "开头的完整地址"}, {"target", "javascript:alert(1)", "开头的完整地址"}, {"target", "https://evil.invalid/", "链接只能指向 example.com, school.example"},
		{"slug", "open-day", "已经有短网址在用"}, {"slug", "last-year", "已经有短网址在用"}, {"slug", "k7ad2f01", "不能正好是 8 个字母数字"}, {"slug", evil, "小写字母、数字或连字符"}, {"slug", "开放日", "小写字母、数字或连字符"},
		{"expires", "2026-11-20T20:05", "请选将来的时间"}, {"expires", "2026-02-30T10:00", "请填日期和时间"}, {"expires", evil, "请填日期和时间"},
		{"utm.source", strings.Repeat("长", 101), "最多 100 字"}, {"utm.term", "a\u202Eb", "不能显示的字符"},
	} {
		typed := shortTyped("title", "留着 <i>", tt.field, tt.value)
		for path, links := range map[string]int{"/links": 4, "/links/4": 4} {
			typed.Set("version", version)
			a := s.post(path, typed).want(t, http.StatusUnprocessableEntity, tt.text, `id="x-`+strings.ReplaceAll(tt.field, ".", "-")+`"`, `href="#`+fieldID(tt.field)+`"`,
				`role="alert"`, `value="蓝色"`).lacks(t, "<script>alert", "<i>")
			for name, list := range typed {
				if name == "key" && path != "/links" || name == "version" {
					continue
				}
				if value := list[0]; !strings.Contains(a.body, `value="`+escaped(value)+`"`) {
					t.Errorf("%s %s: %s is not kept: %q", path, tt.field, name, value)
				}
			}
			if len(s.world.links) != links || s.world.links[3].Title != "公众号菜单" {
				t.Fatal("a wrong link was kept")
			}
		}
	}
	s.post("/links/4", shortTyped("version", "<b>")).want(t, http.StatusConflict, "别人已经改过")
	s.post("/links", shortTyped("key", "")).want(t, http.StatusUnprocessableEntity, "请填写")
	s.post("/links", nil).want(t, http.StatusUnprocessableEntity)
}

func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(text)
}

func TestChangingAShortLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	version := func(id string) string {
		return between(t, s.get("/links/"+id).body, `name="version" value="`, `"`)
	}
	first := version("4")
	typed := shortTyped("version", first, "back", "https://evil.example")
	if got := s.post("/links/4", typed).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/links/4?saved=1" {
		t.Errorf("Location %q", got)
	}
	s.get("/links/4?saved=1").want(t, 200, "已保存")
	if got := s.world.links[3]; got.Title != "新的 海报" || got.Slug != "new-poster" || got.Target != "https://www.example.com/new?a=1" {
		t.Errorf("changed %+v", got)
	}
	s.post("/links/4", typed).want(t, http.StatusSeeOther) // sent twice

	// Somebody else was faster: what was typed stays, and the next save is on top of theirs.
	typed.Set("title", "我的标题")
	a := s.post("/links/4", typed).want(t, http.StatusConflict, "别人已经改过", `value="我的标题"`, `id="conflict"`)
	typed.Set("version", between(t, a.body, `name="version" value="`, `"`))
	s.post("/links/4", typed).want(t, http.StatusSeeOther)
	if s.world.links[3].Title != "我的标题" {
		t.Error("the second save was not taken")
	}

	// A link in use keeps its name and, as nobody touched it, its time to the second.
	s.world.links[0].Expires = s.world.links[0].Expires.Add(7 * time.Second)
	expires := s.world.links[0].Expires
	typed = shortTyped("version", version("1"), "title", "改了", "expires", "2026-11-22T20:05")
	typed.Del("slug")
	s.post("/links/1", typed).want(t, http.StatusSeeOther)
	if got := s.world.links[0]; got.Slug != "open-day" || got.Title != "改了" || !got.Expires.Equal(expires) {
		t.Errorf("changed %+v", got)
	}
	typed = shortTyped("version", version("1")) // of a page from before
	s.post("/links/1", typed).want(t, http.StatusUnprocessableEntity, "名字不能再改", `id="x-slug"`, `id="c-slug"`).lacks(t, `name="slug"`)

	// An expired one may be given more time.
	typed = shortTyped("version", version("2"), "slug", "", "expires", "2026-11-20T19:05", "title", "国庆")
	s.post("/links/2", typed).want(t, http.StatusSeeOther)
	typed = shortTyped("version", version("2"), "slug", "", "expires", "")
	s.post("/links/2", typed).want(t, http.StatusSeeOther)
	if !s.world.links[1].Expires.IsZero() {
		t.Error("it still expires")
	}
	for _, e := range s.world.audited {
		if e.Action != "link.saved" || strings.Contains(e.Detail["target"].(string), "example") {
			t.Errorf("recorded %+v", e)
		}
	}
	s.post("/links/9", typed).want(t, http.StatusNotFound)
	s.world.mute = errors.New("no paper")
	s.post("/links/4", shortTyped("version", version("4"), "title", "没有记录", "slug", "")).want(t, http.StatusInternalServerError)
	if s.world.links[3].Title == "没有记录" {
		t.Error("changed without a record")
	}
}

func TestArchivingAShortLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/links/1/archive").want(t, 200, "归档短网址“开放日海报”？", "<html", `action="/crm/links/1/archive"`)
	s.hx("/links/1/archive", "dialog").want(t, 200, "<dialog", `hx-post="/crm/links/1/archive"`).lacks(t, "<html")
	if s.world.links[0].Archived {
		t.Fatal("asking archives")
	}
	for range 2 {
		if got := s.post("/links/1/archive", nil).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/links/1" {
			t.Errorf("Location %q", got)
		}
	}
	if !s.world.links[0].Archived {
		t.Error("not archived")
	}
	s.post("/links/1/restore", nil).want(t, http.StatusSeeOther)
	if s.world.links[0].Archived {
		t.Error("not restored")
	}
	if got := s.world.deeds(); !slices.Equal(got, []string{"link.archived link:1", "link.archived link:1", "link.restored link:1"}) {
		t.Errorf("recorded %q", got)
	}
	s.get("/links/1/restore").want(t, http.StatusMethodNotAllowed)
	s.post("/links/9/archive", nil).want(t, http.StatusNotFound)
	s.world.mute = errors.New("no paper")
	s.post("/links/1/archive", nil).want(t, http.StatusInternalServerError)
	if s.world.links[0].Archived {
		t.Error("archived without a record")
	}
}

func TestHostileShortLinks(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	s := newSite(t, func(w *world, _ *Config) {
		for i := range w.links {
			w.links[i].Title, w.links[i].ByName, w.links[i].Target, w.links[i].Slug = evil, evil, "javascript:alert(1)//"+evil, evil
			w.links[i].UTM = shortlink.UTM{Source: evil}
		}
	})
	for _, path := range []string{"/links?state=all", "/links/1", "/links/2", "/links/4", "/links/4/archive"} {
		a := s.get(path).want(t, 200).lacks(t, "<script>alert", `href="javascript:`)
		balanced(t, path, a.body)
	}
	s.get("/links/1/qr.svg").want(t, 200).lacks(t, "script")
}
