package campaign

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

var school = Site{Name: "启明网校", Address: "示例市学院路 1 号", Signature: "启明网校"}

// person is one whose values are all there.
func person() Values {
	return Values{"nickname": "小林", "real_name": "林小满", "member_level": "金卡", "member_expires": "2026-11-30",
		"unsubscribe": "https://s.example/u/t0ken"}
}

// shorts makes a short address for each target.
func shorts(l *Letter) []string {
	out := make([]string, len(l.Targets()))
	for i := range out {
		out[i] = fmt.Sprintf("https://s.example/Code%04d", i)
	}
	return out
}

// ready compiles content that has no problems.
func ready(t testing.TB, ch h.Channel, c Content, f Fill) *Letter {
	t.Helper()
	if ch == h.ChannelMessage && c.From == "" {
		c.From = "7"
	}
	l, problems := Compile(ch, c, f, school)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return l
}

// say renders a private message.
func say(t testing.TB, template string, f Fill, v Values) (string, error) {
	t.Helper()
	l := ready(t, h.ChannelMessage, Content{Text: template}, f)
	r, err := l.Render(v, shorts(l))
	return r.Text, err
}

func TestMessages(t *testing.T) {
	t.Parallel()
	some := Values{"nickname": "小林", "member_expires": "2026-01-05"}
	for _, c := range []struct{ name, text, want string }{
		{"English name", "Hi {{ nickname }}!", "Hi 小林!"},
		{"Chinese name", "{{用户名}}，你好", "小林，你好"},
		{"missing value", "[{{ real_name }}]", "[]"},
		{"default", `{{ 真实姓名 | default: "同学" }}`, "同学"},
		{"default that is not needed", `{{ 用户名 | default: "同学" }}`, "小林"},
		{"default of another variable", `{{ 真实姓名 | default: 用户名 }}`, "小林"},
		{"default that looks like a variable", `{{ 真实姓名 | default: "用户名" }}`, "用户名"},
		{"signs of a Chinese keyboard", `{{ 真实姓名 ｜ default：“同学” }}`, "同学"},
		{"fallback", "{{ member_level }}", "同学们"},
		{"condition", "{% if 会员等级 == \"金卡\" %}会员{% else %}朋友{% endif %}", "朋友"},
		{"presence", "{% if real_name %}A{% endif %}{% unless real_name %}B{% endunless %}{% unless nickname %}C{% else %}D{% endunless %}", "BD"},
		{"elsif", "{% if real_name %}A{% elsif nickname contains '林' %}B{% else %}C{% endif %}", "B"},
		{"and, or", "{% if real_name or nickname %}A{% endif %}{% if real_name and nickname %}B{% endif %}", "A"},
		{"compare with nothing", "{% if real_name == blank %}A{% endif %}{% if nickname != empty %}B{% endif %}", "AB"},
		{"dates compare as they are written", `{% if member_expires < "2026-06-01" %}soon{% endif %}`, "soon"},
		{"case", `{% case nickname %} {% when "小王", "小林" %}L{% else %}?{% endcase %}`, "L"},
		{"case with or", `{% case nickname %}{% when "小王" or "小林" %}L{% endcase %}`, "L"},
		{"nested", "{% if nickname %}a{% unless real_name %}b{% endunless %}c{% endif %}", "abc"},
		{"trimmed", "a  {{- nickname -}}  b {%- if nickname -%} c {%- endif %}", "a小林bc"},
		{"variables outside braces stay", "用户名 {{ 链接 }}", "用户名 https://s.example/Code0000"},
		{"alias", "{{ 短网址 }}", "https://s.example/Code0000"},
		{"filters", `{{ nickname | append: "!" | prepend: "~" | replace: "小", "大" }}`, "~大林!"},
		{"truncate", `{{ nickname | append: "一二三四" | truncate: 4 }}|{{ nickname | truncate: 4 }}|{{ nickname | append: "一二三" | truncate: 3, "…" }}`, "小...|小林|小林…"},
		{"slice", `{{ nickname | slice: -1 }}{{ nickname | slice: 0, 99 }}{{ nickname | slice: 9 }}`, "林小林"},
		{"date", `{{ 会员到期 | date: "%Y年%-m月%d日 %%" }}{{ nickname | date: "%Y" }}`, "2026年1月05日 %小林"},
		{"size", `{{ nickname | size }}`, "2"},
		{"parameter", "{{ 天数 }} 天，{{ 天数 | plus: 1 | times: 2 }}", "3 天，8"},
		{"course", "《{{ 课程名称 }}》{{ classroom }} {{ 网校名称 }}", "《Go》一班 启明网校"},
		{"text with braces", "{ a } {b}", "{ a } {b}"},
		{"literal", `{{ "a" | upcase }}`, "A"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Fill{Fallbacks: map[string]string{"member_level": "同学们"}, Params: map[string]string{"天数": "3", "course": "Go", "班级名称": "一班"}}
			if strings.Contains(c.text, "链接") || strings.Contains(c.text, "短网址") {
				f.Link = "https://learn.example/"
			}
			if got, err := say(t, c.text, f, some); err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestBadMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \n", "problem.missing"},
		{"loop", "{% for i in (1..1000000000) %}x{% endfor %}", "problem.tag for"},
		{"include", `{% include "x" %}`, "problem.tag include"},
		{"assignment", "{% assign a = 1 %}", "problem.tag assign"},
		{"raw", "{% raw %}{{ x }}{% endraw %}", "problem.tag raw"},
		{"open condition", "{% if nickname %}", "problem.template"},
		{"end without beginning", "{% endif %}", "problem.template"},
		{"wrong end", "{% if nickname %}{% endunless %}", "problem.template"},
		{"two elses", "{% if nickname %}{% else %}{% else %}{% endif %}", "problem.template"},
		{"text between case and when", "{% case nickname %}x{% when 'a' %}{% endcase %}", "problem.template"},
		{"output between case and when", "{% case nickname %}{{ nickname }}{% when 'a' %}{% endcase %}", "problem.template"},
		{"when in if", "{% if nickname %}{% when 'a' %}{% endif %}", "problem.template"},
		{"words behind else", "{% if nickname %}{% else nickname %}{% endif %}", "problem.template"},
		{"condition without expression", "{% if %}{% endif %}", "problem.template"},
		{"too deep", strings.Repeat("{% if nickname %}", 30) + strings.Repeat("{% endif %}", 30), "problem.template"},
		{"open braces", "{{ nickname }", "problem.template"},
		{"open tag", "{% if nickname ", "problem.template"},
		{"closed only", "nickname }}", "problem.template"},
		{"full-width braces", "｛｛ 用户名 ｝｝", "problem.template"},
		{"empty braces", "{{ }}", "problem.template"},
		{"two words", "{{ nickname real_name }}", "problem.template"},
		{"property", "{{ nickname.size }}", "problem.template"},
		{"index", "{{ nickname[0] }}", "problem.template"},
		{"range", "{{ (1..9) }}", "problem.template"},
		{"number out of range", "{{ 99999999999999999999 }}", "problem.template"},
		{"name that begins with a digit", "{{ 3天 }}", "problem.template"},
		{"string with a brace", `{{ nickname | append: "{{" }}`, "problem.template"},
		{"unknown filter", "{{ nickname | shell }}", "problem.filter shell"},
		{"filter of markup", "{{ nickname | strip_html }}", "problem.filter strip_html"},
		{"too few arguments", "{{ nickname | append }}", "problem.template"},
		{"too many arguments", "{{ nickname | upcase: 1 }}", "problem.template"},
		{"number in a condition", "{% if 天数 > 3 %}{% endif %}", "problem.number 3"},
		{"filter on no number", "{{ nickname | plus: 1 }}", "problem.template"},
		{"long name", "{{ " + strings.Repeat("长", 31) + " }}", "problem.param_name"},
		{"long expression", "{{ nickname" + strings.Repeat(" | upcase", 60) + " }}", "problem.template"},
		{"grows for ever", `{{ nickname` + strings.Repeat(` | replace: "", "0123456789012345678901234567890123456789"`, 4) + ` }}`, "problem.template"},
		{"too long", strings.Repeat("长", MaxMessage+1), "problem.long"},
		{"NUL", "a\x00b", "problem.template"},
		{"broken UTF-8", "a\xffb", "problem.template"},
		{"unsubscribe", "{{ 退订链接 }}", "problem.unsubscribe_channel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, _, problems := Mentions(h.ChannelMessage, Content{Text: c.text})
			p := problems["text"]
			key, word, _ := strings.Cut(c.want, " ")
			if p.Key != key || word != "" && fmt.Sprint(p.Args[0]) != word {
				t.Errorf("got %v", problems)
			}
		})
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"你好", nil},
		{"{{ 用户名 }} {{ real_name }} {{ nickname }}", []string{"nickname", "real_name"}},
		{`{{ nickname | default: "x" }}`, nil},
		{`{{ nickname | upcase | default: "x" }}`, nil},
		{`{{ nickname | default: real_name }}`, []string{"real_name"}},
		{`{{ nickname | default: real_name | default: "x" }}`, nil},
		{`{{ "a" | append: nickname }}`, []string{"nickname"}},
		{"{% if nickname %}{{ nickname }}{% endif %}", nil},
		{"{% if nickname %}{% endif %}{{ nickname }}", []string{"nickname"}},
		{"{% if nickname %}{{ real_name }}{% endif %}", []string{"real_name"}},
		{"{% if nickname %}{% elsif real_name %}{{ real_name }}{% endif %}", nil},
		{"{% unless nickname %}x{% else %}{{ nickname }}{% endunless %}", nil},
		{"{% case nickname %}{% when real_name %}{{ nickname }}{{ real_name }}{% endcase %}", nil},
		{"{{ member_level }}", nil}, // has a fallback
		{"{{ site }} {{ 天数 }} {{ course }}", nil},
	} {
		f := Fill{Params: map[string]string{"天数": "1", "course": "c"}, Fallbacks: map[string]string{"member_level": "学员"}}
		if got := ready(t, h.ChannelMessage, Content{Text: c.text}, f).Needs(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v", c.text, got)
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	personal, params, link, problems := Mentions(h.ChannelSMS, Content{Text: "{{ 用户名 }}{{天数}}{{ real_name }}{{ 链接 }}{{ nickname }}{{ 课程名称 }}{{ 天数 }}{{ site }}"})
	var names []string
	for _, v := range personal {
		names = append(names, v.Name)
	}
	if len(problems) > 0 || !link || !slices.Equal(names, []string{"nickname", "real_name"}) || !slices.Equal(params, []string{"天数", "course"}) {
		t.Errorf("got %v %v %v %v", names, params, link, problems)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 201)
	c := Content{Text: "{{ 天数 }} {{ course }} {{ nickname }} {{ 链接 }}"}
	whole := func() Fill {
		return Fill{Link: "https://learn.example/", Params: map[string]string{"天数": "3", "course": "Go"}}
	}
	for _, x := range []struct {
		name   string
		change func(*Fill, *Content)
		want   map[string]string
	}{
		{"all there", func(*Fill, *Content) {}, nil},
		{"values of others", func(f *Fill, _ *Content) { f.Params["old"] = long }, nil},
		{"missing parameter", func(f *Fill, _ *Content) { f.Params["天数"] = " " }, map[string]string{"params.天数": "problem.param_missing"}},
		{"missing course", func(f *Fill, _ *Content) { delete(f.Params, "course") }, map[string]string{"params.course": "problem.param_missing"}},
		{"long parameter", func(f *Fill, _ *Content) { f.Params["天数"] = long }, map[string]string{"params.天数": "problem.long"}},
		{"long fallback", func(f *Fill, _ *Content) { f.Fallbacks = map[string]string{"用户名": long} }, map[string]string{"fallbacks.nickname": "problem.long"}},
		{"no link", func(f *Fill, _ *Content) { f.Link = "" }, map[string]string{"link": "problem.link_missing"}},
		{"no address", func(f *Fill, _ *Content) { f.Link = "javascript:alert(1)" }, map[string]string{"link": "problem.url"}},
		{"link not used", func(_ *Fill, c *Content) { c.Text = "你好" }, map[string]string{"link": "problem.link_unused"}},
		{"no sender", func(_ *Fill, c *Content) { c.From = "" }, map[string]string{"from": "problem.missing"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			f, content := whole(), c
			content.From = "7"
			x.change(&f, &content)
			l, problems := Compile(h.ChannelMessage, content, f, school)
			got := map[string]string{}
			for field, p := range problems {
				got[field] = p.Key
			}
			if l == nil || !maps.Equal(got, x.want) {
				t.Errorf("got %v", problems)
			}
		})
	}
}

func TestUnknownChannel(t *testing.T) {
	t.Parallel()
	if _, problems := Compile("fax", Content{Text: "x"}, Fill{}, school); problems["channel"].Key != "problem.channel" {
		t.Errorf("got %v", problems)
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	many := ready(t, h.ChannelMessage, Content{Text: strings.Repeat("{{ nickname }}", 20)}, Fill{})
	link := ready(t, h.ChannelMessage, Content{Text: "{{ link }}"}, Fill{Link: "https://learn.example/"})
	blank := ready(t, h.ChannelMessage, Content{Text: "{% if real_name %}x{% endif %}"}, Fill{})
	odd := ready(t, h.ChannelMessage, Content{Text: `{{ nickname | append: "!" }}`}, Fill{})
	mail := ready(t, h.ChannelEmail, Content{Subject: "{% if nickname %}x{% endif %}", Blocks: []Block{{Kind: BlockText, Text: "{{ real_name }}"}}}, Fill{})
	good := person()
	for _, c := range []struct {
		name  string
		l     *Letter
		v     Values
		links []string
		want  error
	}{
		{"too long", many, Values{"nickname": strings.Repeat("长", 101)}, nil, ErrTemplateTooLong},
		{"far too long", many, Values{"nickname": strings.Repeat("长", 100_000)}, nil, ErrTemplateTooLong},
		{"no short address", link, nil, nil, ErrTemplateLink},
		{"short address that is none", link, nil, []string{"javascript:alert(1)"}, ErrTemplateLink},
		{"nothing to say", blank, nil, nil, ErrTemplateEmpty},
		{"a filter that fails", odd, Values{"nickname": strings.Repeat("长", 4000)}, nil, ErrTemplateSyntax},
		{"mail without subject", mail, Values{"real_name": "x", "unsubscribe": "https://s.example/"}, nil, ErrTemplateEmpty},
		{"mail without text", mail, Values{"nickname": "x", "unsubscribe": "https://s.example/"}, nil, ErrTemplateEmpty},
		{"mail without a way out", mail, Values{"nickname": "x", "real_name": "y"}, nil, ErrTemplateLink},
		{"mail", mail, good, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			r, err := c.l.Render(c.v, c.links)
			var te *TemplateError
			if !errors.Is(err, c.want) || err != nil && (!errors.As(err, &te) || r.Text != "" || r.HTML != "") {
				t.Errorf("got %+v, %v", r, err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestValuesAreOneLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"小林\r\nBcc: x": "小林 Bcc: x", "a\x00b": "a b", "a\u2028b": "a b", "\u202Etxt": "txt", "\n": "", "a\xffb": "a\uFFFDb",
		"👩‍🎓 小林": "👩‍🎓 小林", " a ": " a ",
	} {
		if got := oneValue(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := OneLine("小林\r\nBcc: everyone@example.com"); got != "小林 Bcc: everyone@example.com" {
		t.Errorf("got %q", got)
	}
}

func ExampleCompile() {
	l, problems := Compile(h.ChannelSMS, Content{Text: "{{ 用户名 }}，《{{ 课程名称 }}》还有 {{ 天数 }} 天开课：{{ 链接 }}"},
		Fill{Link: "https://learn.example/course/318", Params: map[string]string{"course": "Go 入门", "天数": "3"}},
		Site{Name: "启明网校", Signature: "启明网校"})
	if err := problems.Err(); err != nil {
		fmt.Println(err)
		return
	}
	r, err := l.Render(Values{"nickname": "小林"}, []string{"https://s.example/AbCdEfGh"})
	fmt.Println(r.Text, err)
	fmt.Println(l.Needs(), l.Targets(), r.Params[2])
	// Output:
	// 【启明网校】小林，《Go 入门》还有 3 天开课：https://s.example/AbCdEfGh <nil>
	// [nickname] [https://learn.example/course/318] {天数 3}
}
