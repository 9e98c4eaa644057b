package campaign

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What can be wrong with a template.
var (
	ErrTemplateSyntax  = errors.New("template syntax")
	ErrTemplateName    = errors.New("name too long")
	ErrTemplateTag     = errors.New("tag not allowed")
	ErrTemplateFilter  = errors.New("unknown filter")
	ErrTemplateNumber  = errors.New("text compared with a number")
	ErrTemplateSplit   = errors.New("condition crosses formatting")
	ErrTemplateTooLong = errors.New("template too long")
	ErrTemplateEmpty   = errors.New("nothing left to send")
	ErrTemplateLink    = errors.New("address missing")
)

// TemplateError says what is wrong with a template, or why it cannot be rendered for a person.
// Word is the variable, filter or tag; it never holds a value.
type TemplateError struct {
	Err  error
	Word string
}

func (e *TemplateError) Error() string { return fmt.Sprintf("%v: %q", e.Err, e.Word) }

// Unwrap gives the kind of error.
func (e *TemplateError) Unwrap() error { return e.Err }

// piece is a part of a template: text as it stands, an output {{ … }} or a tag {% … %}. In what
// e-mail blocks are turned into there are also markup and short addresses.
type piece struct {
	text   string
	out    *output
	tag    *tag
	markup bool    // text is HTML
	depth  int     // of markup: elements that it opens; negative: closes
	target int     // number of a target, from 1; its short address stands here
	bare   []piece // an address that was typed into a text
}

// maxTags bounds how many outputs and tags a template has.
const maxTags = 1000

// scan cuts a template into pieces. Braces that are no output are refused: they are a slip of the
// pen that everybody would read.
func scan(text string, syms *symbols) ([]piece, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, &TemplateError{Err: ErrTemplateSyntax}
	}
	var out []piece
	trim := false // the last one said -}}
	for tags := 0; ; tags++ {
		at := opening(text)
		plain := text
		if at >= 0 {
			plain = text[:at]
		}
		if strings.Contains(plain, "}}") || strings.Contains(plain, "｛｛") || strings.Contains(plain, "｝｝") || tags > maxTags {
			return nil, &TemplateError{Err: ErrTemplateSyntax}
		}
		if trim {
			plain = strings.TrimLeft(plain, " \t\r\n")
		}
		if at < 0 {
			return appendText(out, plain), nil
		}
		closing := "}}"
		if text[at+1] == '%' {
			closing = "%}"
		}
		inner, rest, ok := strings.Cut(text[at+2:], closing)
		if !ok {
			return nil, &TemplateError{Err: ErrTemplateSyntax}
		}
		if strings.HasPrefix(inner, "-") {
			plain, inner = strings.TrimRight(plain, " \t\r\n"), inner[1:]
		}
		inner, trim = strings.CutSuffix(inner, "-")
		p, err := parsePiece(inner, closing == "%}", syms)
		if err != nil {
			return nil, err
		}
		out, text = append(appendText(out, plain), p), rest
	}
}

func appendText(out []piece, text string) []piece {
	if text == "" {
		return out
	}
	return append(out, piece{text: text})
}

// opening finds the first {{ or {%.
func opening(text string) int {
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], '{')
		if i < 0 || at+i+1 >= len(text) {
			return -1
		}
		at += i
		if text[at+1] == '{' || text[at+1] == '%' {
			return at
		}
	}
}

func parsePiece(inner string, isTag bool, syms *symbols) (piece, error) {
	if isTag {
		t, err := parseTag(inner, syms)
		return piece{tag: t}, err
	}
	o, err := parseOutput(inner, syms)
	return piece{out: o}, err
}
