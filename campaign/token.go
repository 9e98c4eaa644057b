package campaign

import (
	"regexp"
	"strings"
)

type tokenKind int

const (
	endToken tokenKind = iota
	nameToken
	stringToken
	numberToken
	signToken
)

// token is a word of an expression; text of a string is without its quotes.
type token struct {
	kind tokenKind
	text string
}

// tokenAt finds the token at the beginning of a text. Quotes and signs may be full-width, as
// Chinese keyboards type them.
var tokenAt = regexp.MustCompile(`^(?:([\p{L}_][\p{L}\p{N}_]*)|"([^"]*)"|'([^']*)'|“([^“”]*)”|(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)|(==|!=|<=|>=|[<>|:,：，｜]))`)

var signs = strings.NewReplacer("：", ":", "，", ",", "｜", "|")

// tokenize cuts an expression into words. What Liquid would read in another way is refused.
func tokenize(text string) ([]token, error) {
	var out []token
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		m := tokenAt.FindStringSubmatch(text)
		if m == nil {
			return nil, &TemplateError{Err: ErrTemplateSyntax}
		}
		text = text[len(m[0]):]
		switch {
		case m[1] != "":
			out = append(out, token{nameToken, m[1]})
		case m[5] != "":
			out = append(out, token{numberToken, m[5]})
		case m[6] != "":
			out = append(out, token{signToken, signs.Replace(m[6])})
		default:
			s := m[2] + m[3] + m[4]
			if strings.ContainsFunc(s, breaksLine) || strings.Contains(s, "{{") || strings.Contains(s, "{%") ||
				strings.Contains(s, "}}") || strings.Contains(s, "%}") || strings.Contains(s, `"`) && strings.Contains(s, "'") {
				return nil, &TemplateError{Err: ErrTemplateSyntax}
			}
			out = append(out, token{stringToken, s})
		}
	}
	return append(out, token{}), nil
}
