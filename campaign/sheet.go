package campaign

import "strings"

// sheet collects the two versions of a mail side by side.
type sheet struct {
	html, text []piece
	first      bool   // the next paragraph is the first of its cell
	indent     string // before each line of text: of quotes and lists
	lead       string // before the next line instead: the dash or number of a list
	gap        string // before the blank lines that are due
	breaks     int    // line breaks due before the next text
}

// ruler is a dividing line of text.
const ruler = "----------"

// open, close and void write markup; void is what neither opens nor closes an element.
func (s *sheet) open(markup string) {
	s.html = append(s.html, piece{text: markup, markup: true, depth: 1})
}

func (s *sheet) close(markup string) {
	s.html = append(s.html, piece{text: markup, markup: true, depth: -1})
}

func (s *sheet) void(markup string) { s.html = append(s.html, piece{text: markup, markup: true}) }

// words writes text into both versions.
func (s *sheet) words(text string) { s.put(piece{text: text}) }

// note writes into the text version alone.
func (s *sheet) note(text string) { s.text = append(s.text, piece{text: text}) }

// put writes pieces into both versions.
func (s *sheet) put(p ...piece) {
	s.html, s.text = append(s.html, p...), append(s.text, p...)
}

// line breaks the line.
func (s *sheet) line() {
	s.void("<br>")
	s.note("\n" + s.indent)
}

// begin starts a paragraph of text, with the breaks and the mark that are due.
func (s *sheet) begin() {
	if s.breaks > 0 {
		gap := strings.TrimRight(s.gap[:min(len(s.gap), len(s.indent))], " ")
		s.note(strings.Repeat("\n"+gap, s.breaks-1) + "\n")
	}
	if s.lead == "" {
		s.lead = s.indent
	}
	s.note(s.lead)
	s.breaks, s.lead = 0, ""
}

// end says how many line breaks come before what follows.
func (s *sheet) end(breaks int) { s.breaks, s.gap = breaks, s.indent }

// indented writes text behind a mark, and what follows of it as far to the right.
func (s *sheet) indented(mark, indent string, write func()) {
	before := s.indent
	if s.lead == "" {
		s.lead = before
	}
	s.lead += mark
	s.indent += indent
	write()
	s.indent, s.gap, s.lead = before, before, ""
}

// margin is the space above an element: none above the first.
func (s *sheet) margin() string {
	if s.first {
		s.first = false
		return "margin:0"
	}
	return "margin:12px 0 0"
}
