package campaign

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

// Variables lists the variables whose values are learners', the site's or a link.
func Variables() []Variable {
	return slices.DeleteFunc(allVariables(), func(v Variable) bool { return v.Scope == ScopeOffering || v.Scope == ScopeUnsubscribe })
}

var urls = regexp.MustCompile(`https?://[^\s<>"，。；、）)]+`)

// HTML lays out a rendered plain text as a simple mail body: paragraphs, line breaks and links.
// Everything is escaped, so a name cannot bring markup along.
func HTML(text string) string {
	var b strings.Builder
	b.WriteString(`<div style="max-width:600px;margin:0 auto;padding:24px;font:16px/1.7 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:#1a2230">`)
	for _, paragraph := range strings.Split(strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n"), "\n\n") {
		b.WriteString(`<p style="margin:0 0 16px">`)
		at := 0
		for _, m := range urls.FindAllStringIndex(paragraph, -1) {
			b.WriteString(breaks(paragraph[at:m[0]]))
			link := html.EscapeString(paragraph[m[0]:m[1]])
			b.WriteString(`<a href="` + link + `" style="color:#2257b0">` + link + `</a>`)
			at = m[1]
		}
		b.WriteString(breaks(paragraph[at:]) + "</p>")
	}
	b.WriteString("</div>")
	return b.String()
}

func breaks(s string) string { return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") }
