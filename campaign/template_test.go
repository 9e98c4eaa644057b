package campaign

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	values := Values{"nickname": "小林", "link": "https://s.example/AbCdEfGh", "member_level": ""}
	for _, c := range []struct{ name, text, want string }{
		{"English name", "Hi {{ nickname }}!", "Hi 小林!"},
		{"Chinese name", "{{用户名}}，你好", "小林，你好"},
		{"missing value", "[{{ real_name }}]", "[]"},
		{"fallback", `{{ 真实姓名 | default: "同学" }}`, "同学"},
		{"a fallback that looks like a variable", `{{ 真实姓名 | default: "用户名" }}`, "用户名"},
		{"condition", "{% if 会员等级 %}会员{% else %}朋友{% endif %}", "朋友"},
		{"case", `{% case nickname %}{% when "小林" %}L{% else %}?{% endcase %}`, "L"},
		{"variables outside braces stay", "用户名 {{ 链接 }}", "用户名 https://s.example/AbCdEfGh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tpl, err := ParseTemplate(c.text, MaxBody)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tpl.Render(values); err != nil || got != c.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestBadTemplates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       error
		word       string
	}{
		{"unknown variable", "Hi {{ password }}", ErrTemplateVariable, "password"},
		{"unknown variable in a branch", "{% if nickname %}{{ secret }}{% endif %}", ErrTemplateVariable, "secret"},
		{"unknown variable as an argument", "{{ nickname | default: secret }}", ErrTemplateVariable, "secret"},
		{"loop", "{% for i in (1..1000000000) %}x{% endfor %}", ErrTemplateTag, "for"},
		{"include", `{% include "x" %}`, ErrTemplateTag, "include"},
		{"assignment", "{% assign a = 1 %}", ErrTemplateTag, "assign"},
		{"open brace", "{% if nickname %}", ErrTemplateSyntax, ""},
		{"empty braces", "{{ }}", ErrTemplateSyntax, ""},
		{"unknown filter", "{{ nickname | shell }}", ErrTemplateSyntax, ""},
		{"too long", strings.Repeat("长", MaxBody+1), ErrTemplateTooLong, ""},
		{"NUL", "a\x00b", ErrTemplateSyntax, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseTemplate(c.text, MaxBody)
			var te *TemplateError
			if !errors.Is(err, c.want) || !errors.As(err, &te) || te.Word != c.word {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUses(t *testing.T) {
	t.Parallel()
	tpl, err := ParseTemplate("{{ 链接 }} {{ nickname | default: real_name }}", MaxBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"link": true, "nickname": true, "real_name": true, "site": false} {
		if tpl.Uses(name) != want {
			t.Errorf("uses %s: %v", name, !want)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := OneLine("小林\r\nBcc: everyone@example.com"); got != "小林 Bcc: everyone@example.com" {
		t.Errorf("got %q", got)
	}
}

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	got := HTML("<script>x</script>\n\nsee https://s.example/a?b=1&c=2，thanks")
	if strings.Contains(got, "<script>") || !strings.Contains(got, `<a href="https://s.example/a?b=1&amp;c=2"`) || strings.Contains(got, "，\"") {
		t.Errorf("got %s", got)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{{ 用户名 | default: \"x\" }}{% if link %}y{% endif %}")
	f.Add("{{{{}}}}{%%}")
	f.Add("{% case nickname %}{% when 'a' or \"b\" %}")
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := ParseTemplate(text, 1000)
		if err != nil {
			return
		}
		// An expression may fail for some values: that recipient fails with a reason, in our words.
		var te *TemplateError
		if _, err := tpl.Render(Values{"nickname": text}); err != nil && !errors.As(err, &te) {
			t.Errorf("%q fails with %v", text, err)
		}
	})
}

func ExampleParseTemplate() {
	t, err := ParseTemplate("{{ 用户名 }}，你好", MaxSubject)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := t.Render(Values{"nickname": "小林"})
	fmt.Println(text, err)
	// Output: 小林，你好 <nil>
}
