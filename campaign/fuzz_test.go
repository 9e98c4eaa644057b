package campaign

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// FuzzTemplate: any text is refused or rendered, and with the faults told in our words.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		"{{ 用户名 | default: \"x\" }}{% if link %}y{% endif %}", "{{{{}}}}{%%}", "{% case nickname %}{% when 'a' or \"b\" %}{% endcase %}",
		"{{ 99999999999999999999 }}", "{{ nickname | truncate: 5000 }}", "{{ nickname | slice: 9, 99 }}", "{{- 天数 | plus: 1 | date: '%-m' -}}", "{% unless a == b %}{% else %}{% endunless %}",
		"{{ '\n' }}", "{% if nickname and %}{% endif %}", "{{ nickname | replace: '', 'aaaaaaaaaaaaaaa' | replace: 'a', 'aaaaaaaaaaaaaaaa' }}",
	} {
		f.Add(s, "小林")
	}
	f.Fuzz(func(t *testing.T, template, value string) {
		s := read(h.ChannelMessage, Content{Text: template})
		fill := Fill{Params: map[string]string{}}
		for _, x := range s.syms.list {
			fill.Params[x.name] = value
		}
		l := s.compile(fill, school, false)
		links := make([]string, len(l.Targets()))
		for i := range links {
			links[i] = "https://s.example/"
		}
		r, err := l.Render(Values{"nickname": value, "member_expires": value}, links)
		var te *TemplateError
		if err != nil && !errors.As(err, &te) {
			t.Errorf("fails with %v", err)
		}
		if err == nil && (utf8.RuneCountInString(r.Text) > maxMessageSent || !utf8.ValidString(r.Text)) {
			t.Errorf("renders %q", r.Text)
		}
	})
}

// FuzzMail: whatever staff type and people are called, a mail that compiles is a whole page that
// links only to the web, and the same page for everybody.
func FuzzMail(f *testing.F) {
	f.Add("**{{ nickname }}**\n- [a](https://a.example/)\n{{ link }}", "<b>")
	f.Add("![{{ nickname }}](https://a.example/\"onerror=x) <https://b.example/>", `"`)
	f.Add("> {% if site %}\n> a\n\n{% else %}b{% endif %}", "x")
	f.Add("[a](java&#x73;cript:x) &#xFDD0;0&#xFDD1;", "javascript:x")
	f.Fuzz(func(t *testing.T, markdown, value string) {
		c := Content{Subject: "{{ nickname }}", Blocks: []Block{{Kind: BlockText, Text: markdown}, {Kind: BlockButton, Text: firstRunes(markdown, MaxButton), URL: firstRunes(markdown, 100)}}}
		s := read(h.ChannelEmail, c)
		fill := Fill{Params: map[string]string{}, Link: "https://learn.example/"}
		for _, x := range s.syms.list {
			fill.Params[x.name] = value
		}
		l := s.compile(fill, school, false)
		v := person()
		v["nickname"] = "x" + value
		links := make([]string, len(l.Targets()))
		for i := range links {
			links[i] = "https://s.example/"
		}
		r, err := l.Render(v, links)
		if err != nil {
			return
		}
		for _, k := range skeleton(t, r.HTML) {
			for _, attribute := range []string{` href="`, ` src="`} {
				if _, to, ok := strings.Cut(k, attribute); ok && !webAddress(to) {
					t.Errorf("leads to %s", k)
				}
			}
			if strings.HasPrefix(k, "<script") || strings.Contains(k, " on") && !strings.HasPrefix(k, "<meta") && !strings.HasPrefix(k, "<!") {
				t.Errorf("holds %s", k)
			}
		}
		if strings.ContainsFunc(r.Subject, breaksLine) {
			t.Errorf("subject %q", r.Subject)
		}
	})
}
