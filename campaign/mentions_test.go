package campaign

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	c := Content{Subject: "{{ 用户名 }}，你好", Blocks: []Block{
		{Kind: BlockImage, Image: "https://img.example/a.png", Alt: "封面"},
		{Kind: BlockText, Text: `{{ 真实姓名 | default: "同学" }} {{ 会员等级 }}`},
		{Kind: BlockCourse, Text: "Go", Image: "https://img.example/a.png"}}}
	good := Fill{Fallbacks: map[string]string{"nickname": "同学", "会员等级": "学员"}}
	if got := Check(h.ChannelEmail, c, good); len(got) > 0 {
		t.Errorf("good content: %v", got)
	}
	c.Subject += strings.Repeat("长", 20)
	c.Blocks[0].Alt = " "
	want := map[string]string{"subject": "warning.subject_long", "blocks.0.alt": "warning.alt", "fallbacks.nickname": "warning.fallback", "fallbacks.member_level": "warning.fallback"}
	got := map[string]string{}
	for _, w := range Check(h.ChannelEmail, c, Fill{}) {
		got[w.Field] = w.Key
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestSubjectLength(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]int{
		"": 0, "{{用户名}}，你试听的课还能再省 300 元": 19, "{% if nickname %}a{% endif %}b": 2, "{{ half": 7, "🎉": 1,
	} {
		if got := SubjectLength(subject); got != want {
			t.Errorf("%q: got %d", subject, got)
		}
	}
}

func TestVariablesFor(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, v := range VariablesFor(h.ChannelEmail) {
		for _, name := range []string{v.Name, v.Zh, v.Also} {
			if got, ok := lookup(name); name != "" && (!ok || got != v || seen[name]) {
				t.Errorf("%q is found as %v", name, got)
			}
			seen[name] = true
		}
	}
	if _, ok := lookup(""); ok {
		t.Error("nothing is a variable")
	}
	if n := len(VariablesFor(h.ChannelSMS)); n != len(VariablesFor(h.ChannelEmail))-1 {
		t.Errorf("SMS has %d variables", n)
	}
}

func TestContentIsKept(t *testing.T) {
	t.Parallel()
	c, f := course()
	for _, v := range []any{&c, &f} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(v).Elem()).Interface()
		if err := json.Unmarshal(b, back); err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%s comes back as %+v, %v", b, back, err)
		}
	}
	if b, err := json.Marshal(Content{}); err != nil || string(b) != "{}" {
		t.Errorf("nothing is %s, %v", b, err)
	}
}

func TestLanguageOfTheFooter(t *testing.T) {
	t.Parallel()
	c := Content{Subject: "s", Blocks: []Block{{Kind: BlockImage, Image: "https://img.example/a.png"}}}
	for lang, want := range map[string][2]string{
		"en": {`<html lang="en">`, "[Image]\n\n----------\nAcademy\nYou get this mail because you learn with us. Unsubscribe: https://s.example/u/t0ken\n"},
		"":   {`<html lang="zh-CN">`, "[图片]\n\n----------\nAcademy\n不想再收到营销邮件，点此退订: https://s.example/u/t0ken\n"},
	} {
		l, problems := Compile(h.ChannelEmail, c, Fill{}, Site{Name: "Academy", Lang: lang})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		r, err := l.Render(person(), nil)
		if err != nil || !strings.Contains(r.HTML, want[0]) || r.Text != want[1] {
			t.Errorf("%q: %q, %v", lang, r.Text, err)
		}
	}
}

// TestLettersAreShared: one letter is rendered by many at once.
func TestLettersAreShared(t *testing.T) {
	t.Parallel()
	_, f := course()
	l := ready(t, h.ChannelEmail, rich(), f)
	want, err := l.Render(person(), shorts(l))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if got, err := l.Render(person(), shorts(l)); err != nil || got.HTML != want.HTML || got.Text != want.Text {
					t.Errorf("differs, %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// TestPreviewOfAnUnfinishedMail: what is right is shown, a missing parameter by its name.
func TestPreviewOfAnUnfinishedMail(t *testing.T) {
	t.Parallel()
	c := Content{Subject: "还有 {{ 天数 }} 天", Blocks: []Block{
		{Kind: BlockText, Text: "{{ nickname }}，你好"}, {Kind: BlockText, Text: "[a](javascript:x) b"}, {Kind: BlockButton, Text: "去"}, {Kind: BlockHeading, Text: "{{ broken"}}}
	l, problems := Compile(h.ChannelEmail, c, Fill{}, school)
	if len(problems) != 4 {
		t.Errorf("problems %v", problems)
	}
	r, err := l.Render(person(), shorts(l))
	if err != nil || r.Subject != "还有 {{ 天数 }} 天" || !strings.HasPrefix(r.Text, "小林，你好\n\n----------\n") {
		t.Errorf("got %q, %q, %v", r.Subject, r.Text, err)
	}
	skeleton(t, r.HTML)
}
