package campaign

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what stands between braces, in characters.
const (
	MaxParamName  = 30
	maxExpression = 300
)

// output is {{ head | filter: args }}.
type output struct {
	written string // the head's name as it was typed; empty: a literal
	head    operand
	filters []filter
}

type filter struct {
	name string
	args []operand
}

// operand is a variable or a literal.
type operand struct {
	variable int    // number of the symbol; -1: a literal
	source   string // as Liquid reads it
	text     string // of a literal string
}

// tag is {% word expression %}.
type tag struct {
	word   string
	source string // the expression as Liquid reads it
	vars   []int  // symbols that the expression mentions
	plain  bool   // the expression is one variable
}

// allowedTags take an expression (true) or not (false).
var allowedTags = map[string]bool{
	"if": true, "elsif": true, "else": false, "endif": false, "unless": true, "endunless": false,
	"case": true, "when": true, "endcase": false,
}

// parseOutput reads what stands between {{ and }}.
func parseOutput(inner string, syms *symbols) (*output, error) {
	p, err := newExpression(inner, syms)
	if err != nil {
		return nil, err
	}
	o := &output{written: p.peek().text}
	if o.head, err = p.operand(); err != nil {
		return nil, err
	}
	if o.head.variable < 0 {
		o.written = ""
	}
	for p.accept("|") {
		f := filter{name: p.peek().text}
		least, most, ok := arguments(f.name)
		if p.next().kind != nameToken {
			return nil, &TemplateError{Err: ErrTemplateSyntax}
		}
		if !ok {
			return nil, &TemplateError{Err: ErrTemplateFilter, Word: f.name}
		}
		if p.accept(":") {
			if f.args, err = p.list(","); err != nil {
				return nil, err
			}
		}
		if len(f.args) < least || len(f.args) > most {
			return nil, &TemplateError{Err: ErrTemplateSyntax}
		}
		o.filters = append(o.filters, f)
	}
	return o, p.end()
}

// source writes the output as Liquid reads it, with numbers for names.
func (o *output) source() string {
	var b strings.Builder
	b.WriteString(o.head.source)
	for _, f := range o.filters {
		b.WriteString(" | " + f.name)
		for i, a := range f.args {
			b.WriteString([]string{": ", ", "}[min(i, 1)] + a.source)
		}
	}
	return b.String()
}

// vars lists the symbols that an output mentions.
func (o *output) vars() []int {
	list := []int{o.head.variable}
	for _, f := range o.filters {
		for _, a := range f.args {
			list = append(list, a.variable)
		}
	}
	return slices.DeleteFunc(list, func(v int) bool { return v < 0 })
}

// needs lists the symbols without which the output has a hole: what stands before a default is
// covered by it.
func (o *output) needs() []int {
	list := []int{o.head.variable}
	for _, f := range o.filters {
		if f.name == "default" {
			list = list[:0]
		}
		for _, a := range f.args {
			list = append(list, a.variable)
		}
	}
	return slices.DeleteFunc(list, func(v int) bool { return v < 0 })
}

// parseTag reads what stands between {% and %}.
func parseTag(inner string, syms *symbols) (*tag, error) {
	word, rest := strings.TrimSpace(inner), ""
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		word, rest = word[:i], word[i:]
	}
	takes, ok := allowedTags[word]
	if !ok {
		return nil, &TemplateError{Err: ErrTemplateTag, Word: firstRunes(word, MaxParamName)}
	}
	p, err := newExpression(rest, syms)
	if err != nil {
		return nil, err
	}
	t := &tag{word: word}
	if takes {
		if err := t.parse(p); err != nil {
			return nil, err
		}
	}
	return t, p.end()
}

func (t *tag) parse(p *expression) error {
	var words []string
	operand := func() error {
		if p.peek().kind == numberToken { // values are texts: the comparison would never hold
			return &TemplateError{Err: ErrTemplateNumber, Word: p.peek().text}
		}
		o, err := p.operand()
		words = append(words, o.source)
		if err == nil && o.variable >= 0 {
			t.vars = append(t.vars, o.variable)
		}
		return err
	}
	if err := operand(); err != nil {
		return err
	}
	for {
		switch word := p.peek().text; {
		case t.word == "case" || p.peek().kind == endToken:
			t.source, t.plain = strings.Join(words, " "), len(words) == 1 && len(t.vars) == 1
			return nil
		case t.word == "when" && (p.accept(",") || p.accept("or")):
			words = append(words, ",")
		case t.word != "when" && slices.Contains([]string{"==", "!=", "<", ">", "<=", ">=", "contains", "and", "or"}, word):
			words = append(words, p.next().text)
		default:
			return &TemplateError{Err: ErrTemplateSyntax}
		}
		if err := operand(); err != nil {
			return err
		}
	}
}

// expression reads the tokens of an expression.
type expression struct {
	tokens []token // the last one is the end
	syms   *symbols
}

func newExpression(text string, syms *symbols) (*expression, error) {
	if utf8.RuneCountInString(text) > maxExpression {
		return nil, &TemplateError{Err: ErrTemplateSyntax}
	}
	tokens, err := tokenize(text)
	return &expression{tokens: tokens, syms: syms}, err
}

func (p *expression) peek() token { return p.tokens[0] }

func (p *expression) next() token {
	t := p.tokens[0]
	if t.kind != endToken {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept takes the next token when it is this sign or word.
func (p *expression) accept(text string) bool {
	t := p.peek()
	if t.text != text || t.kind != signToken && t.kind != nameToken {
		return false
	}
	p.next()
	return true
}

func (p *expression) end() error {
	if p.peek().kind != endToken {
		return &TemplateError{Err: ErrTemplateSyntax}
	}
	return nil
}

func (p *expression) list(separator string) ([]operand, error) {
	var out []operand
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		if !p.accept(separator) {
			return out, nil
		}
	}
}

// operand reads a variable or a literal.
func (p *expression) operand() (operand, error) {
	t := p.next()
	switch t.kind {
	case stringToken:
		quote := `"`
		if strings.Contains(t.text, quote) {
			quote = "'"
		}
		return operand{variable: -1, source: quote + t.text + quote, text: t.text}, nil
	case numberToken:
		return operand{variable: -1, source: t.text}, nil
	case nameToken:
		switch t.text {
		case "true", "false":
			return operand{variable: -1, source: t.text}, nil
		case "nil", "null", "empty", "blank": // a missing value is nil and never an empty text
			return operand{variable: -1, source: "nil"}, nil
		case "and", "or", "contains", "not", "in":
			return operand{}, &TemplateError{Err: ErrTemplateSyntax}
		}
		if utf8.RuneCountInString(t.text) > MaxParamName {
			return operand{}, &TemplateError{Err: ErrTemplateName, Word: firstRunes(t.text, MaxParamName)}
		}
		v := p.syms.number(t.text)
		return operand{variable: v, source: "v" + strconv.Itoa(v)}, nil
	default:
		return operand{}, &TemplateError{Err: ErrTemplateSyntax}
	}
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
