package campaign

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Markdown is read once per campaign, with each output and tag replaced by its number between two
// characters that no text holds. Values come in afterwards, where they can be nothing but text.
const (
	spanStart = '\uFDD0'
	spanEnd   = '\uFDD1'
)

var (
	spans     = regexp.MustCompile("\uFDD0([0-9]{1,4})\uFDD1")
	spanMarks = strings.NewReplacer("\uFDD0", "", "\uFDD1", "")

	// bareAddress finds addresses that are typed as they are, also behind a Chinese character.
	bareAddress = regexp.MustCompile(`https?://[^\s<>"'*\\^` + "`" + `{}|\[\]()，。；：、！？（）《》【】“”‘’]*[^\s<>"'*\\^` + "`" + `{}|\[\]()，。；：、！？（）《》【】“”‘’.,!?:;_~]`)
)

// markdownParser knows paragraphs, headings, lists, quotes, rules, emphasis and links. HTML and
// code stay the text they are, and so does an indented line.
var markdownParser = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(paragraphParser{parser.NewParagraphParser()}, 1000)),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(newEmphasisParser(), 500)))
})

// markdown turns the pieces of a text block into both versions of a mail.
type markdown struct {
	*sheet
	source   []byte
	spans    []piece // by number
	tree     *tree
	targets  *targets
	problem  *fault.Problem // the first one
	inLink   bool
	lineTag  bool // the line holds a tag …
	lineText bool // … or something else
}

// maxQuotes bounds quotes and lists within each other.
const maxQuotes = 8

func (t *tree) markdown(s *sheet, pieces []piece, targets *targets) *fault.Problem {
	m := &markdown{sheet: s, tree: t, targets: targets}
	var b strings.Builder
	for _, p := range pieces {
		if p.out == nil && p.tag == nil {
			b.WriteString(spanMarks.Replace(p.text))
			continue
		}
		b.WriteString(string(spanStart) + strconv.Itoa(len(m.spans)) + string(spanEnd))
		m.spans = append(m.spans, p)
	}
	m.source = []byte(m.addresses(b.String()))
	m.blocks(markdownParser().Parse(text.NewReader(m.source)), 0)
	return m.problem
}

// addresses replaces each bare address by a span of its own: the marks within are no emphasis.
func (m *markdown) addresses(source string) string {
	var b strings.Builder
	at := 0
	for _, found := range bareAddress.FindAllStringIndex(source, -1) {
		if i := found[0]; i > 0 && (source[i-1] == '<' || source[i-1] < utf8.RuneSelf && (unicode.IsLetter(rune(source[i-1])) || unicode.IsDigit(rune(source[i-1])))) {
			continue
		}
		b.WriteString(source[at:found[0]] + string(spanStart) + strconv.Itoa(len(m.spans)) + string(spanEnd))
		m.spans = append(m.spans, piece{bare: m.split([]byte(source[found[0]:found[1]]))})
		at = found[1]
	}
	return b.String() + source[at:]
}

func (m *markdown) blocks(parent ast.Node, nesting int) {
	if nesting > maxQuotes && m.problem == nil {
		m.problem = &fault.Problem{Key: "problem.nesting"}
	}
	for n := parent.FirstChild(); n != nil && m.problem == nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			size := "18px"
			if n.Level > 2 {
				size = "16px"
			}
			m.paragraph(n, `<h`+strconv.Itoa(min(n.Level+1, 4))+` style="`+m.margin()+`;font-size:`+size+`;line-height:1.5;font-weight:600">`, `</h`+strconv.Itoa(min(n.Level+1, 4))+`>`)
		case *ast.Paragraph:
			m.paragraph(n, `<p style="`+m.margin()+`">`, `</p>`)
		case *ast.TextBlock: // of a tight list
			m.paragraph(n, "", "")
		case *ast.ThematicBreak:
			m.begin()
			m.void(`<hr class="c-line" style="` + m.margin() + `;border:0;border-top:1px solid #e1e5eb">`)
			m.note(ruler)
			m.end(2)
		case *ast.Blockquote:
			m.open(`<blockquote class="c-2nd c-line" style="` + m.margin() + `;padding:0 0 0 12px;border-left:3px solid #e1e5eb;color:#5d6778">`)
			m.first = true
			m.indented("> ", "> ", func() { m.blocks(n, nesting+1) })
			m.first = false
			m.close(`</blockquote>`)
		case *ast.List:
			m.list(n, nesting)
		}
	}
}

func (m *markdown) list(l *ast.List, nesting int) {
	word, number := "ul", l.Start
	start := ""
	if l.IsOrdered() {
		word = "ol"
		if l.Start != 1 {
			start = ` start="` + strconv.Itoa(l.Start) + `"`
		}
	}
	m.open(`<` + word + start + ` style="` + m.margin() + `;padding:0 0 0 24px">`)
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		m.open(`<li style="margin:4px 0 0">`)
		m.first = true
		m.indented(mark, strings.Repeat(" ", len(mark)), func() { m.blocks(item, nesting+1) })
		m.close(`</li>`)
		m.breaks = 1
	}
	m.close(`</` + word + `>`)
	m.first, m.breaks = false, 2
}

// paragraph writes a block of inline content. One that holds tags and nothing else is a condition
// around other blocks and leaves no trace.
func (m *markdown) paragraph(n ast.Node, open, end string) {
	m.lineTag, m.lineText = false, false
	if m.onlyTags(n) {
		m.inline(n)
		return
	}
	m.begin()
	if open != "" {
		m.open(open)
	}
	m.inline(n)
	if open != "" {
		m.close(end)
	}
	m.end(2)
	if open == "" {
		m.breaks = 1
	}
}

func (m *markdown) onlyTags(n ast.Node) bool {
	some := false
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		t, ok := c.(*ast.Text)
		if !ok {
			return false
		}
		for _, p := range m.split(t.Segment.Value(m.source)) {
			if p.tag == nil && (p.out != nil || p.bare != nil || strings.TrimSpace(p.text) != "") {
				return false
			}
			some = some || p.tag != nil
		}
	}
	return some
}
