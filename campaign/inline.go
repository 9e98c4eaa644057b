package campaign

import (
	"bufio"
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	goldhtml "github.com/yuin/goldmark/renderer/html"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// inline writes inline content.
func (m *markdown) inline(parent ast.Node) {
	for n := parent.FirstChild(); n != nil && m.problem == nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			m.pieces(m.split(n.Segment.Value(m.source)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				if m.lineText || !m.lineTag { // a line of tags alone is no line
					m.line()
				}
				m.lineTag, m.lineText = false, false
			}
		case *ast.Emphasis:
			m.lineText = true
			word := "em"
			if n.Level == 2 {
				word = "strong"
			}
			m.open("<" + word + ">")
			m.inline(n)
			m.close("</" + word + ">")
		case *ast.AutoLink:
			m.lineText = true
			if n.AutoLinkType == ast.AutoLinkEmail {
				m.words(string(n.Label(m.source)))
				continue
			}
			m.link(m.split(n.Label(m.source)), nil)
		case *ast.Link:
			m.lineText = true
			m.link(m.split(n.Destination), n)
		case *ast.Image:
			m.lineText = true
			m.image(m.split(n.Destination), n)
		}
	}
}

// split finds the outputs and tags in a stretch of markdown. Escapes and entities are resolved
// here, after which no text can become a span.
func (m *markdown) split(raw []byte) []piece {
	var out []piece
	at := 0
	for _, s := range spans.FindAllSubmatchIndex(raw, -1) {
		out = appendText(out, plainText(raw[at:s[0]]))
		if i, err := strconv.Atoi(string(raw[s[2]:s[3]])); err == nil && i < len(m.spans) {
			out = append(out, m.spans[i])
		}
		at = s[1]
	}
	return appendText(out, plainText(raw[at:]))
}

// plainText resolves the backslashes and entities of markdown.
func plainText(raw []byte) string {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	goldhtml.DefaultWriter.Write(w, raw)
	_ = w.Flush() // to memory
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, html.UnescapeString(b.String()))
}

// pieces writes text and outputs; the bare variable of an address becomes a link.
func (m *markdown) pieces(list []piece) {
	for _, p := range list {
		switch {
		case p.tag != nil:
			m.lineTag = true
			m.put(p)
			continue
		case p.bare != nil:
			m.link(p.bare, nil)
		case p.out == nil:
			m.words(p.text)
		case len(p.out.filters) == 0 && p.out.head.variable >= 0 && isLink(m.tree.syms.list[p.out.head.variable].scope):
			m.link([]piece{p}, nil)
		default:
			m.put(p)
		}
		m.lineText = m.lineText || p.out != nil || p.bare != nil || strings.TrimSpace(p.text) != ""
	}
}

// link writes a link. Without a label the reader sees the address it leads to: another one in its
// place is what fraud looks like, and mail clients warn of it.
func (m *markdown) link(destination []piece, label ast.Node) {
	a, problem := m.tree.readAddress(destination)
	if problem != nil {
		m.problem = problem
		return
	}
	to := a.pieces(m.targets)
	if m.inLink { // an address in the label of a link
		m.put(to...)
		return
	}
	m.open(`<a class="c-link" style="color:#2257b0" target="_blank" href="`)
	m.html = append(m.html, to...)
	m.void(`">`)
	if label == nil {
		m.put(to...)
	} else {
		m.inLink = true
		m.inline(label)
		m.inLink = false
		m.note(" <")
		m.text = append(m.text, to...)
		m.note(">")
	}
	m.close(`</a>`)
}

func (m *markdown) image(source []piece, alt ast.Node) {
	a, problem := m.tree.readAddress(source)
	if problem == nil && a.symbol >= 0 {
		problem = &fault.Problem{Key: "problem.url"}
	}
	if problem != nil {
		m.problem = problem
		return
	}
	inner := &markdown{sheet: &sheet{}, source: m.source, spans: m.spans, tree: m.tree, targets: m.targets, inLink: true}
	inner.inline(alt)
	m.problem = inner.problem
	m.void(`<img style="max-width:100%;height:auto" src="` + html.EscapeString(a.fixed) + `" alt="`)
	m.html = append(m.html, inner.text...) // no markup in an attribute
	m.void(`">`)
	m.text = append(m.text, inner.text...)
}
