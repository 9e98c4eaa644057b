package proof

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// keep remembers the page that is open, to be looked at in the end.
func (s *stage) keep(b *browser, name string) {
	b.Helper()
	s.pages.Store(name, strings.TrimPrefix(b.url(), s.CRMURL()))
}

// look looks at the page that is open, as it is only now.
func (s *stage) look(b *browser, name string) {
	b.Helper()
	looks(b, s.CRMURL(), map[string]string{name: strings.TrimPrefix(b.url(), s.CRMURL())})
}

// public looks at the page that is open, which no login leads to, in both themes and both widths.
func public(b *browser, name string) {
	b.Helper()
	for _, theme := range []string{"dark", "light"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
			b.Fatal(err)
		}
		for _, width := range []int64{390, 1440} {
			b.fits(name, width)
			b.shot(fmt.Sprintf("%s-%s-%d", name, theme, width))
			b.usable(fmt.Sprintf("%s, %s, %d px", name, theme, width))
		}
	}
}

// looks looks at every page that campaigns have, when all of them are over.
func (s *stage) looks(t *testing.T) {
	s.prepare(t)
	s.lookAll(t)
}

// lookAll looks at every page that was kept.
func (s *stage) lookAll(t *testing.T) {
	t.Helper()
	pages := map[string]string{}
	s.pages.Range(func(name, path any) bool {
		pages[name.(string)] = path.(string)
		return true
	})
	inHalves(t, s.CRMURL(), pages, func(t *testing.T) *browser { return operator(t, s.Academy, s.school) })
}

// inHalves looks at pages with two browsers at once.
func inHalves(t *testing.T, crm string, pages map[string]string, open func(*testing.T) *browser) {
	t.Helper()
	halves := [2]map[string]string{{}, {}}
	for i, name := range slices.Sorted(maps.Keys(pages)) {
		halves[i%2][name] = pages[name]
	}
	for i, half := range halves {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			looks(open(t), crm, half)
		})
	}
}

// prepare leads to the pages that sending three campaigns did not lead to.
func (s *stage) prepare(t *testing.T) {
	t.Helper()
	b := operator(t, s.Academy, s.school)
	for name, at := range map[string]string{"new": "campaigns/new", "templates": "templates", "campaigns": "campaigns", "campaigns-direct": "campaigns?direct=1",
		"suppressions": "suppressions", "template-new": "templates/new?channel=message"} {
		s.pages.Store(name, at)
	}
	person, _ := s.pages.Load("person")
	s.pages.Store("person-message", person.(string)+"/message")
	s.poster(t, b)
	s.late(t, b)
	s.doubt(t)

	s.begin(t, b, "email")
	b.set("#c-name", "返场课邀请")
	b.set("#c-cap_days", "0")
	b.set("#c-subject", "{{ 用户名 }}，《{{ 课程名称 }}》返场开始了")
	b.set("#c-blocks-0-text", "{{ 真实姓名 | default: \"同学\" }}，看看 {{ 链接 }}")
	for i, block := range []struct {
		kind   string
		fields map[string]string
	}{
		{"heading", map[string]string{"text": "接着上次的进度学"}},
		{"image", map[string]string{"image": s.URL + "/static/icon.svg", "alt": "校徽", "url": s.URL}},
		{"course", map[string]string{"text": "Python 数据分析实战班", "note": "32 节录播，8 次直播答疑", "price": "¥799", "was": "¥1,099", "url": s.course}},
		{"button", map[string]string{"text": "继续学习", "url": s.course}},
		{"divider", nil},
	} {
		b.click("#add-" + block.kind)
		b.wait(fmt.Sprintf("#block-%d", i+1))
		for field, value := range block.fields {
			b.set(fmt.Sprintf("#c-blocks-%d-%s", i+1, field), value)
		}
	}
	b.still()
	s.keep(b, "composer-blocks")
	draft := b.url()
	b.open(draft + "/drop")
	s.keep(b, "drop")
	b.open(s.CRMURL() + "templates/new?draft=" + path.Base(draft))
	b.set("#c-name", "返场课")
	b.click(`#template-form button.crm-btn-p[value="save"]`)
	b.eventually(10*time.Second, "it is in the library", func() bool { return strings.Contains(b.text("main h1"), "营销模板") })
	template := text(t, s.school, "SELECT id::text FROM public.crm_templates WHERE name = '返场课'")
	s.pages.Store("template-email", "templates/"+template)
	s.pages.Store("template-archive", "templates/"+template+"/archive")
	b.open(draft)
	b.open(s.URL + b.attribute("#dry tbody a", "href"))
	s.keep(b, "sifted")
}

// late is a campaign whose time passed while nothing ran, which takes half an hour to come about.
func (s *stage) late(t *testing.T, b *browser) {
	t.Helper()
	done, _ := s.pages.Load("done-message")
	b.open(s.CRMURL() + done.(string))
	b.click(`form[action$="/copy"] button`)
	b.wait("#c-name")
	b.at(time.Now().Add(24 * time.Hour))
	at := b.launch(t, b.dryRun().Sendable)
	if _, err := s.school.ExecContext(t.Context(), "UPDATE public.crm_campaigns SET state = 'late', send_at = now() - interval '3 hours' WHERE id = $1", path.Base(at)); err != nil {
		t.Fatal(err)
	}
	b.open(at)
	if state := b.text("#campaign-pill"); state != "错过时间" {
		t.Errorf("it is %s", state)
	}
	s.keep(b, "late")
	b.open(at + "/cancel")
	s.keep(b, "ask-cancel")
}

// doubt leaves some messages of a campaign unknown, which takes a crash to come about.
func (s *stage) doubt(t *testing.T) {
	t.Helper()
	done, _ := s.pages.Load("done-message")
	id := path.Base(done.(string))
	if _, err := s.school.ExecContext(t.Context(), "UPDATE public.crm_deliveries SET state = 'unknown', reason = 'crash' WHERE campaign_id = $1 AND ordinal < 8 AND state = 'accepted'", id); err != nil {
		t.Fatal(err)
	}
	s.pages.Store("ask-resend", "campaigns/"+id+"/resend")
	s.pages.Store("result-unknown", "campaigns/"+id+"?f=unknown")
	s.pages.Store("result-excluded", "campaigns/"+id+"?f=excluded&reason=no_consent")
}
