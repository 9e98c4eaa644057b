package campaign

import (
	"strings"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Mentions tells what content asks to be filled in when it is sent: the learners' variables, the
// parameters in order of first mention (its own by name, course and classroom by Variable.Name),
// and whether it needs an address for {{ 链接 }}. problems are the content's own, as of Compile.
func Mentions(ch h.Channel, c Content) (personal []Variable, params []string, usesLink bool, problems fault.Fields) {
	s := readFilled(ch, c)
	for _, x := range s.syms.list {
		switch x.scope {
		case ScopePersonal:
			v, _ := lookup(x.name)
			personal = append(personal, v)
		case ScopeParameter, ScopeOffering:
			params = append(params, x.name)
		case ScopeSite, ScopeLink, ScopeUnsubscribe:
		}
	}
	return personal, params, s.syms.uses(ScopeLink), s.problems
}

// readFilled reads content and compiles it with something in every place, so that what is wrong
// then is the content's fault.
func readFilled(ch h.Channel, c Content) *script {
	s := read(ch, c)
	fill := Fill{Params: map[string]string{}}
	for _, x := range s.syms.list {
		fill.Params[x.name] = "1"
	}
	if s.syms.uses(ScopeLink) {
		fill.Link = "https://example.com/"
	}
	s.compile(fill, Site{Name: "1"}, false)
	return s
}

// SupplierText is an SMS as its supplier is asked to approve it: with {{name}} where Rendered.Params
// has a value of that name, and without the signature. Empty for content that cannot be read.
func SupplierText(c Content) string {
	s := read(h.ChannelSMS, c)
	if len(s.problems) > 0 {
		return ""
	}
	var b strings.Builder
	for _, p := range s.pieces["text"] {
		if p.out != nil {
			b.WriteString("{{" + p.out.written + "}}")
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// Warning is something in content that may be meant but usually is not. Key and Args are those of
// a message for the reader.
type Warning struct {
	Field string // as of Compile
	fault.Problem
}

// phoneSubject is how much of a subject phones show: some 18 Chinese characters, each as wide as
// two Latin ones.
const phoneSubject = 36

// Check looks for what is allowed and unwise: pictures without words, variables without fallback,
// a subject that phones cut.
func Check(ch h.Channel, c Content, f Fill) []Warning {
	var out []Warning
	warn := func(field, key string, args ...any) {
		out = append(out, Warning{field, fault.Problem{Key: key, Args: args}})
	}
	s := readFilled(ch, c)
	if wide(s.pieces["subject"]) > phoneSubject {
		warn("subject", "warning.subject_long", phoneSubject/2)
	}
	for i, b := range s.content.Blocks {
		if b.Kind == BlockImage && b.Image != "" && strings.TrimSpace(b.Alt) == "" {
			warn(blockField(i)+"alt", "warning.alt")
		}
	}
	for _, v := range s.needs() {
		if name := s.syms.list[v].name; strings.TrimSpace(named(f.Fallbacks, name)) == "" {
			warn("fallbacks."+name, "warning.fallback", name)
		}
	}
	return out
}

// wide measures a text, a Latin letter as one and an output as a name of three characters.
func wide(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		switch {
		case p.out != nil:
			n += 6
		case p.tag == nil:
			n += utf8.RuneCountInString(p.text)
			for _, r := range p.text {
				if r >= 0x2E80 {
					n++
				}
			}
		}
	}
	return n
}

// SubjectLength counts a subject in characters as a reader would, an output as a name of three.
func SubjectLength(subject string) int {
	pieces, err := scan(subject, newSymbols())
	if err != nil {
		return utf8.RuneCountInString(subject)
	}
	n := 0
	for _, p := range pieces {
		if n += utf8.RuneCountInString(p.text); p.out != nil {
			n += 3
		}
	}
	return n
}
