package campaign

import (
	"fmt"
	"html"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osteele/liquid"
	nethtml "golang.org/x/net/html"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// nasty are values that some template engine somewhere has taken for something else.
var nasty = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "'", `" style="x`, "</td></tr></table>", "<!--", "-->", "]]>", "<![endif]-->",
	"&lt;b&gt;", "&#x3c;", "**bold**", "[a](javascript:alert(1))", "![a](https://evil.example/x.png)", "# x", "- x", "> x", "```", "\\", "`",
	"javascript:alert(1)", "https://evil.example/", "{{ real_name }}", "{% if x %}", "}}", "v0", "小林\r\nBcc: everyone@example.com", "\x00", "\u2028",
	"\u202Egnp.exe", "\uFDD00\uFDD1", "👩‍🎓🎉", "<b>", "a & b", "【签名】", "\xff", strings.Repeat("长", 300), "</title>", "</style>", "%0d%0a", "$1",
}

// skeleton is a page without its texts: tags, attributes but alternative texts, comments.
func skeleton(t testing.TB, page string) []string {
	t.Helper()
	var out []string
	z := nethtml.NewTokenizer(strings.NewReader(page))
	var open []string
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			if len(open) > 0 {
				t.Errorf("never closed: %v", open)
			}
			return out
		case nethtml.TextToken:
		case nethtml.EndTagToken:
			name := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				t.Errorf("</%s> closes %v", name, open)
				return out
			}
			open = open[:len(open)-1]
			out = append(out, "/"+name)
		default:
			k := z.Token()
			for i := range k.Attr {
				if k.Attr[i].Key == "alt" {
					k.Attr[i].Val = ""
				}
			}
			if k.Type == nethtml.StartTagToken && !slices.Contains([]string{"meta", "img", "br", "hr"}, k.Data) {
				open = append(open, k.Data)
			}
			out = append(out, k.String())
		}
	}
}

// rich is a mail with values in every place where one may stand.
func rich() Content {
	c, _ := course()
	c.Subject += "{{ real_name }}{{ real_name | upcase }}"
	c.Preheader += "{{ real_name }}"
	c.Blocks = append(c.Blocks,
		Block{Kind: BlockHeading, Text: "{{ real_name }} {{ 用户名 | truncate: 3 }}"},
		Block{Kind: BlockText, Text: "# {{ 用户名 }}\n{{ 用户名 }}\n\n{{ 用户名 }} **{{ 用户名 | append: '<' }}** [{{ 用户名 }}]({{ 链接 }}) ![{{ 用户名 }} {{ 用户名 | slice: 0, 2 }}](https://img.example/x)\n- {{ 用户名 }}\n> {{ 用户名 }}\n\n{% case 用户名 %}{% when 'x' %}{{ 用户名 }}{% else %}{{ 用户名 }}{% endcase %}"},
		Block{Kind: BlockImage, Image: "https://img.example/c.png", Alt: "{{ 用户名 }}"},
		Block{Kind: BlockButton, Text: "{{ 用户名 }}", URL: "{{ 退订链接 }}"})
	return c
}

// TestValuesStayText: no value of a person changes anything of a mail but its text.
func TestValuesStayText(t *testing.T) {
	t.Parallel()
	_, f := course()
	l := ready(t, h.ChannelEmail, rich(), f)
	rng := rand.New(rand.NewPCG(1, 2))
	want := []string(nil)
	for i := range 300 {
		v := person()
		name := "x"
		if i > 0 && i <= len(nasty) {
			name = "x" + nasty[i-1]
		} else if i > 0 {
			name = "x"
			for range 1 + rng.IntN(4) {
				name += nasty[rng.IntN(len(nasty))]
			}
		}
		v["nickname"], v["real_name"], v["member_level"] = name, name, name
		r, err := l.Render(v, shorts(l))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		got := skeleton(t, r.HTML)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q changes the page:\n%s", name, r.HTML)
		}
		shown := strings.TrimSpace(oneValue(name))
		if !strings.Contains(html.UnescapeString(r.HTML), shown+"，你好。") || !strings.Contains(r.Text, shown+"，你好。") {
			t.Errorf("%q is not shown as it is", name)
		}
		if strings.ContainsFunc(r.Subject, breaksLine) {
			t.Errorf("%q breaks the subject", name)
		}
	}
}

// sentence makes a template of plain Liquid with English names.
func sentence(rng *rand.Rand, depth int) string {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	name := func() string { return pick("nickname", "real_name", "member_level") }
	word := func() string { return pick(`"林"`, `'x'`, `"金卡"`, name()) }
	var b strings.Builder
	for range 1 + rng.IntN(4) {
		switch n := rng.IntN(12); {
		case n < 3:
			b.WriteString(pick("你好", " x ", "<b>", "\n", "&", "{ }"))
		case n < 5:
			b.WriteString("{{ " + name() + " }}")
		case n == 5:
			b.WriteString("{{" + name() + ` | default: "` + pick("同学", "a<b", " ") + `" }}`)
		case n < 8:
			b.WriteString("{{ " + word() + pick(" | upcase", " | append: "+word(), " | prepend: 'z' | size", " | replace: 'x', "+word(), " | strip | downcase", " | default: "+word()) + " }}")
		case depth > 3:
		case n == 8:
			b.WriteString("{% if " + name() + " %}" + sentence(rng, depth+1) + pick("", "{% else %}"+sentence(rng, depth+1)) + "{% endif %}")
		case n == 9:
			b.WriteString("{% unless " + name() + " %}" + sentence(rng, depth+1) + pick("", "{% else %}"+sentence(rng, depth+1)) + "{% endunless %}")
		case n == 10:
			b.WriteString("{% if " + name() + pick(" == ", " != ", " contains ") + word() + pick("", " and "+name(), " or "+name()) + " %}" + sentence(rng, depth+1) +
				pick("", "{% elsif "+name()+" %}"+sentence(rng, depth+1)) + "{% endif %}")
		default:
			b.WriteString("{% case " + name() + " %}{% when " + word() + ", " + word() + " %}" + sentence(rng, depth+1) + pick("", "{% else %}"+sentence(rng, depth+1)) + "{% endcase %}")
		}
	}
	return b.String()
}

// TestWaysAgree: what is written without Liquid reads as if Liquid had written it, piece by piece
// and as a whole.
func TestWaysAgree(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	whole := liquid.NewEngine()
	rendered := 0
	for range 600 {
		template := "." + sentence(rng, 0) + "."
		if len([]rune(template)) > MaxMessage {
			continue
		}
		s := read(h.ChannelMessage, Content{Text: template})
		fast, slow := s.compile(Fill{}, school, false), s.compile(Fill{}, school, true)
		if len(s.problems) > 0 {
			t.Fatalf("%s: %v", template, s.problems)
		}
		reference, err := whole.ParseString(template)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			v, b := Values{}, liquid.Bindings{}
			for _, name := range []string{"nickname", "real_name", "member_level"} {
				if value := []string{"", "林", "x", "金卡", "<b>"}[rng.IntN(5)]; value != "" {
					v[name], b[name] = value, value
				}
			}
			a, err := fast.Render(v, nil)
			if err != nil {
				t.Fatalf("%s: %v", template, err)
			}
			c, err := slow.Render(v, nil)
			want, rerr := reference.RenderString(b)
			if err != nil || rerr != nil || a.Text != c.Text || a.Text != strings.TrimSpace(want) {
				t.Fatalf("%s with %v:\nfast  %q\nslow  %q\nwhole %q", template, v, a.Text, c.Text, want)
			}
			rendered++
		}
	}
	if rendered < 900 {
		t.Errorf("only %d messages compared", rendered)
	}
}

// TestMarkdownLosesNoWord: whatever markdown makes of its signs, each word is in both versions.
func TestMarkdownLosesNoWord(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	signs := []string{"*", "**", "_", "`", "```", "\n", "\n\n", "\n- ", "\n1. ", "\n> ", "\n# ", "\n    ", "\n\n        ", "\n---\n", "\n===\n", "\t", " ", "  \n", "<b>", "</b>", "<!--", "[", "]", "(", ")", "![", "\\", "&amp;", "~~", "|", "\n|-|-|\n", "：", "，", "。", "“", "”", "{{ nickname }}", "\n{% if nickname %}\n", "<div>\n"}
	for range 1000 {
		var b strings.Builder
		words, conditions := 0, 0
		for range 1 + rng.IntN(20) {
			if rng.IntN(2) == 0 {
				fmt.Fprintf(&b, "w%dw", words)
				words++
			} else {
				sign := signs[rng.IntN(len(signs))]
				conditions += strings.Count(sign, "{% if")
				b.WriteString(sign)
			}
		}
		source := "w " + b.String() + strings.Repeat("\n\n{% endif %}", conditions)
		l, problems := Compile(h.ChannelEmail, Content{Subject: "s", Blocks: []Block{{Kind: BlockText, Text: source}}}, Fill{}, school)
		if len(problems) > 0 {
			continue // a condition across elements, an empty address
		}
		r, err := l.Render(person(), nil)
		if err != nil {
			t.Fatalf("%q: %v", source, err)
		}
		skeleton(t, r.HTML)
		for i := range words {
			if word := fmt.Sprintf("w%dw", i); !strings.Contains(r.HTML, word) || !strings.Contains(r.Text, word) {
				t.Fatalf("%q loses %s:\n%s\n%s", source, word, r.Text, r.HTML)
			}
		}
	}
}

// TestHostileTemplates: nothing that is typed keeps the process busy or brings it down.
func TestHostileTemplates(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"*a ", "**", "*_", "[", "[a](", "![", "]", "<", "<https://a", "&", "\\", ">", "- ", "1. ", "  - ", "`", "#", "https://a.b/", "_a*", "\n", "\t", "[a](b \"",
		"{{ nickname }}", "{% if nickname %}a{% endif %}", "{%", "{{", "}}", "{% if nickname %}", "{{ nickname | replace: '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}",
		"[a](https://a.b/) ", "![a](https://a.b/) ", "\uFDD0", "> - ", "**{{ nickname }}", "&#xFDD0;1&#xFDD1;", "{{ '", "{{ 天 | date: '%9999999d' }}",
	} {
		text := strings.Repeat(unit, 4000/len([]rune(unit)))
		start := time.Now()
		l, problems := Compile(h.ChannelEmail, Content{Subject: "s", Blocks: []Block{{Kind: BlockText, Text: text}}}, Fill{}, school)
		if len(problems) == 0 {
			v := person()
			v["nickname"] = strings.Repeat("长", 1000)
			_, _ = l.Render(v, shorts(l)) // its size decides
		}
		if d := time.Since(start); d > 20*time.Second { // it takes 0.1 s; a hang is what is looked for
			t.Errorf("%q keeps us busy for %v", unit, d)
		}
	}
}
