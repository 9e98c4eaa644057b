package campaign

import (
	"regexp"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

var looks = regexp.MustCompile(` (style|class|target)="[^"]*"`)

// block compiles a mail of one text block and gives both versions of it, without its looks.
func block(t *testing.T, markdown string, v Values) (html, text string) {
	t.Helper()
	c := Content{Subject: "s", Blocks: []Block{{Kind: BlockText, Text: markdown}}}
	f := Fill{Params: map[string]string{"天数": "3 & 4"}}
	if _, _, uses, _ := Mentions(h.ChannelEmail, c); uses {
		f.Link = "https://learn.example/"
	}
	l := ready(t, h.ChannelEmail, c, f)
	v["unsubscribe"] = "https://s.example/u/t"
	r, err := l.Render(v, shorts(l))
	if err != nil {
		t.Fatal(err)
	}
	_, html, _ = strings.Cut(r.HTML, `padding:12px 32px 0;color:#1a2230">`)
	html, _, _ = strings.Cut(html, "</td>")
	text, _, _ = strings.Cut(r.Text, "\n\n"+ruler+"\n启明网校")
	return looks.ReplaceAllString(html, ""), text
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	const short = "https://s.example/Code0000"
	for _, c := range []struct{ name, markdown, html, text string }{
		{"paragraphs", "一\n二\n\n三", "<p>一<br>二</p><p>三</p>", "一\n二\n\n三"},
		{"Windows lines", "一\r\n二\r\n\r\n三", "<p>一<br>二</p><p>三</p>", "一\n二\n\n三"},
		{"emphasis", "**粗** *斜* _x_", "<p><strong>粗</strong> <em>斜</em> <em>x</em></p>", "粗 斜 x"},
		{"emphasis among Chinese", "在**立减！**试听，**“好”**的", "<p>在<strong>立减！</strong>试听，<strong>“好”</strong>的</p>", "在立减！试听，“好”的"},
		{"emphasis around a value", "**{{ nickname }}**，", "<p><strong>小林</strong>，</p>", "小林，"},
		{"value beside emphasis", "**好！**{{ nickname }}", "<p><strong>好！</strong>小林</p>", "好！小林"},
		{"lone stars", "3 * 4 * 5 ** 6", "<p>3 * 4 * 5 ** 6</p>", "3 * 4 * 5 ** 6"},
		{"HTML is text", "<b>x</b> <script>\n\n<div>\ny</div>", "<p>&lt;b&gt;x&lt;/b&gt; &lt;script&gt;</p><p>&lt;div&gt;<br>y&lt;/div&gt;</p>", "<b>x</b> <script>\n\n<div>\ny</div>"},
		{"entities and escapes", `&lt;b&gt; &amp; \*x\* \\`, `<p>&lt;b&gt; &amp; *x* \</p>`, `<b> & *x* \`},
		{"indented", "    一\n\n        二", "<p>一</p><p>二</p>", "一\n\n二"},
		{"code is text", "`x` ```", "<p>`x` ```</p>", "`x` ```"},
		{"headings", "# 一\n### 二", "<h2>一</h2><h4>二</h4>", "一\n\n二"},
		{"rule", "a\n\n---\n\nb", "<p>a</p><hr><p>b</p>", "a\n\n" + ruler + "\n\nb"},
		{"list", "a\n- b\n- c\n\nd", "<p>a</p><ul><li>b</li><li>c</li></ul><p>d</p>", "a\n\n- b\n- c\n\nd"},
		{"loose list", "- b\n\n- c", "<ul><li><p>b</p></li><li><p>c</p></li></ul>", "- b\n- c"},
		{"ordered list", "3. a\n4. b", `<ol start="3"><li>a</li><li>b</li></ol>`, "3. a\n4. b"},
		{"nested list", "- a\n  - b\n    c\n- d", "<ul><li>a<ul><li>b<br>c</li></ul></li><li>d</li></ul>", "- a\n  - b\n    c\n- d"},
		{"quote", "a\n\n> b\n> c\n>\n> d\n\ne", "<p>a</p><blockquote><p>b<br>c</p><p>d</p></blockquote><p>e</p>", "a\n\n> b\n> c\n>\n> d\n\ne"},
		{"link", "[看 **大纲**](https://learn.example/a?b=1&c=2 \"x\")", `<p><a href="` + short + `">看 <strong>大纲</strong></a></p>`, "看 大纲 <" + short + ">"},
		{"link to the link", "[看]({{ 链接 }})", `<p><a href="` + short + `">看</a></p>`, "看 <" + short + ">"},
		{"link to unsubscribe", "[退]({{ 退订链接 }})", `<p><a href="https://s.example/u/t">退</a></p>`, "退 <https://s.example/u/t>"},
		{"the link", "看 {{ 链接 }}。", `<p>看 <a href="` + short + `">` + short + `</a>。</p>`, "看 " + short + "。"},
		{"the link in a link", "[{{ 链接 }}]({{ 链接 }})", `<p><a href="` + short + `">` + short + `</a></p>`, short + " <" + short + ">"},
		{"bare address", "见https://learn.example/a_b?x=1，或", `<p>见<a href="` + short + `">` + short + `</a>，或</p>`, "见" + short + "，或"},
		{"address between angles", "<https://learn.example/>", `<p><a href="` + short + `">` + short + `</a></p>`, short},
		{"mail address between angles", "<a@b.example>", "<p>a@b.example</p>", "a@b.example"},
		{"address in a word", "xhttps://learn.example/", "<p>xhttps://learn.example/</p>", "xhttps://learn.example/"},
		{"parameter in an address", "[a](https://learn.example/?d={{ 天数 }})", `<p><a href="` + short + `">a</a></p>`, "a <" + short + ">"},
		{"picture", "![图 *{{ nickname }}*](https://img.example/a.png?b&c)", `<p><img src="https://img.example/a.png?b&amp;c" alt="图 小林"></p>`, "图 小林"},
		{"reference is text", "[a][b]\n\n[b]: javascript:x", "<p>[a][b]</p><p>[b]: javascript:x</p>", "[a][b]\n\n[b]: javascript:x"},
		{"condition in a line", "你{% if nickname %}**好**{% else %}们{% endif %}。", "<p>你<strong>好</strong>。</p>", "你好。"},
		{"condition on its own lines", "a\n{% if nickname %}\nb\n{% endif %}\nc", "<p>a<br>b<br>c</p>", "a\nb\nc"},
		{"condition around paragraphs", "a\n\n{% if nickname %}\n\nb\n\n- c\n\n{% else %}\n\nd\n\n{% endif %}\n\ne", "<p>a</p><p>b</p><ul><li>c</li></ul><p>e</p>", "a\n\nb\n\n- c\n\ne"},
		{"condition that says nothing", "a\n\n{% if real_name %}\n\nb\n\n{% endif %}\n\ne", "<p>a</p><p>e</p>", "a\n\ne"},
		{"parameter", "{{ 天数 }}", "<p>3 &amp; 4</p>", "3 & 4"},
		{"forged span", "\uFDD00\uFDD1 &#xFDD0;0&#xFDD1; {{ nickname }}", "<p>0 \uFDD00\uFDD1 小林</p>", "0 \uFDD00\uFDD1 小林"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			html, text := block(t, c.markdown, Values{"nickname": "小林"})
			if html != c.html {
				t.Errorf("HTML\n got %s\nwant %s", html, c.html)
			}
			if text != c.text {
				t.Errorf("text\n got %q\nwant %q", text, c.text)
			}
		})
	}
}

func TestBadBlocks(t *testing.T) {
	t.Parallel()
	text := func(s string) Block { return Block{Kind: BlockText, Text: s} }
	for _, c := range []struct {
		name  string
		block Block
		want  string
	}{
		{"script link", text("[a](javascript:alert(1))"), "text problem.url"},
		{"data picture", text("![a](data:image/png;base64,AAAA)"), "text problem.url"},
		{"mail link", text("[a](mailto:a@b.example)"), "text problem.url"},
		{"script between angles", text("<javascript:alert(1)>"), "text problem.url"},
		{"empty link", text("[a]()"), "text problem.url"},
		{"entity in a scheme", text("[a](java&#x73;cript:x)"), "text problem.url"},
		{"address that begins with a value", text("[a]({{ nickname }})"), "text problem.url_template"},
		{"address that begins with a parameter", text("[a]({{ 地址 }})"), "text problem.url_template"},
		{"scheme before a parameter", text("[a](https://{{ 地址 }})"), "text problem.url_template"},
		{"host that ends with a parameter", text("[a](https://learn.example{{ 地址 }})"), "text problem.url_template"},
		{"name in an address", text("[a](https://learn.example/?n={{ nickname }})"), "text problem.url_variable"},
		{"name in a bare address", text("https://learn.example/?n={{ nickname }}"), "text problem.url_variable"},
		{"link in an address", text("[a](https://learn.example/?n={{ link }})"), "text problem.url_variable"},
		{"filter in an address", text("[a](https://learn.example/{{ 天数|upcase }})"), "text problem.url_template"},
		{"condition in an address", text("[a](https://learn.example/{%if&nbsp;site%})"), "text problem.tag"},
		{"picture of the link", text("![a]({{ link }})"), "text problem.url"},
		{"condition across emphasis", text("**a{% if nickname %}b**c{% endif %}"), "text problem.tag_split"},
		{"condition across items", text("- a\n{% if nickname %}\n- b\n{% endif %}\n- c"), "text problem.tag_split"},
		{"condition lost in a title", text("[a](https://learn.example/ \"{% if nickname %}\"){% endif %}"), "text problem.tag_split"},
		{"deep quotes", text(strings.Repeat(">", 50) + "a"), "text problem.nesting"},
		{"no text", text(" "), "text problem.missing"},
		{"long text", text(strings.Repeat("长", MaxBlockText+1)), "text problem.long"},
		{"no heading", Block{Kind: BlockHeading}, "text problem.missing"},
		{"button without label", Block{Kind: BlockButton, URL: "https://learn.example/"}, "text problem.missing"},
		{"button without address", Block{Kind: BlockButton, Text: "a"}, "url problem.missing"},
		{"button to script", Block{Kind: BlockButton, Text: "a", URL: "JavaScript:alert(1)"}, "url problem.url"},
		{"button to a name", Block{Kind: BlockButton, Text: "a", URL: "{{ nickname }}"}, "url problem.url_template"},
		{"button with credentials", Block{Kind: BlockButton, Text: "a", URL: "https://u:p@learn.example/"}, "url problem.url"},
		{"no picture", Block{Kind: BlockImage}, "image problem.missing"},
		{"picture of the link", Block{Kind: BlockImage, Image: "{{ link }}"}, "image problem.url"},
		{"relative picture", Block{Kind: BlockImage, Image: "/a.png"}, "image problem.url"},
		{"course without title", Block{Kind: BlockCourse, URL: "https://learn.example/"}, "text problem.missing"},
		{"course with a long price", Block{Kind: BlockCourse, Text: "a", Price: strings.Repeat("9", 201)}, "price problem.long"},
		{"unknown kind", Block{Kind: "video"}, "kind problem.choice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, problems := Mentions(h.ChannelEmail, Content{Subject: "s", Blocks: []Block{{Kind: BlockDivider}, c.block}})
			field, key, _ := strings.Cut(c.want, " ")
			if len(problems) != 1 || problems["blocks.1."+field].Key != key {
				t.Errorf("got %v, want %s", problems, c.want)
			}
		})
	}
}

func TestBadMail(t *testing.T) {
	t.Parallel()
	one := []Block{{Kind: BlockText, Text: "a"}}
	many := make([]Block, 0, 30)
	for i := range 30 {
		many = append(many, Block{Kind: BlockButton, Text: "a", URL: "https://learn.example/" + strings.Repeat("x", i)})
	}
	for _, c := range []struct {
		name, field, want string
		content           Content
	}{
		{"no subject", "subject", "problem.missing", Content{Blocks: one}},
		{"subject of two lines", "subject", "problem.line_break", Content{Subject: "a\nBcc: b", Blocks: one}},
		{"preheader of two lines", "preheader", "problem.line_break", Content{Subject: "a", Preheader: "a\rb", Blocks: one}},
		{"reply to no address", "reply_to", "problem.address", Content{Subject: "a", ReplyTo: "a@b, c@d", Blocks: one}},
		{"reply to a name", "reply_to", "problem.address", Content{Subject: "a", ReplyTo: "A <a@b.example>", Blocks: one}},
		{"reply to two lines", "reply_to", "problem.address", Content{Subject: "a", ReplyTo: "a@b.example\r\nBcc: c@d.example", Blocks: one}},
		{"no blocks", "blocks", "problem.missing", Content{Subject: "a"}},
		{"many blocks", "blocks", "problem.blocks", Content{Subject: "a", Blocks: make([]Block, MaxBlocks+1)}},
		{"much text", "blocks", "problem.long", Content{Subject: "a", Blocks: []Block{
			{Kind: BlockText, Text: strings.Repeat("a", MaxBlockText)}, {Kind: BlockText, Text: strings.Repeat("a", MaxBlockText)}, {Kind: BlockText, Text: strings.Repeat("a", MaxBlockText)},
			{Kind: BlockText, Text: strings.Repeat("a", MaxBlockText)}, {Kind: BlockText, Text: strings.Repeat("a", MaxBlockText)}, {Kind: BlockText, Text: "a"}}}},
		{"many links", "blocks", "problem.links", Content{Subject: "a", Blocks: many}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, _, _, problems := Mentions(h.ChannelEmail, c.content); problems[c.field].Key != c.want {
				t.Errorf("got %v", problems)
			}
		})
	}
}
