package campaign

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid"
)

// Variable is something a template may mention. Both names mean the same; the Chinese one is
// what the composer inserts.
type Variable struct {
	Name string // as in {{ nickname }}
	Zh   string // as in {{ 用户名 }}
}

// Variables lists what a template may mention.
func Variables() []Variable {
	return []Variable{
		{"nickname", "用户名"},
		{"real_name", "真实姓名"},
		{"link", "链接"},
		{"site", "网校名称"},
		{"member_level", "会员等级"},
		{"member_expires", "会员到期"},
	}
}

// Values are the variables of one recipient, by Variable.Name. An absent one renders as nothing.
type Values map[string]string

// Limits of a template, in characters.
const (
	MaxSubject = 200
	MaxBody    = 100_000
)

// What can be wrong with a template.
var (
	ErrTemplateSyntax   = errors.New("template syntax")
	ErrTemplateVariable = errors.New("unknown variable")
	ErrTemplateTag      = errors.New("tag not allowed")
	ErrTemplateTooLong  = errors.New("template too long")
)

// TemplateError says what is wrong with a template; Word is the variable or tag.
type TemplateError struct {
	Err  error
	Word string
}

func (e *TemplateError) Error() string { return fmt.Sprintf("%v: %q", e.Err, e.Word) }

// Unwrap gives the kind of error.
func (e *TemplateError) Unwrap() error { return e.Err }

// Template is a compiled Liquid text: output, filters, if, unless and case; no loops, no
// includes, no assignments. It is safe for concurrent use.
type Template struct {
	t    *liquid.Template
	used map[string]bool
}

var (
	outputs = regexp.MustCompile(`(?s)\{\{-?(.*?)-?\}\}`)
	tags    = regexp.MustCompile(`(?s)\{%-?(.*?)-?%\}`)
	strs    = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	names   = regexp.MustCompile(`[\p{L}_][\p{L}\p{N}_]*`)
)

// allowedTags take an expression (true) or not (false).
var allowedTags = map[string]bool{
	"if": true, "elsif": true, "else": false, "endif": false, "unless": true, "endunless": false,
	"case": true, "when": true, "endcase": false,
}

var keywords = []string{"and", "or", "contains", "true", "false", "nil", "null", "empty", "blank", "not"}

// ParseTemplate compiles a text of at most limit characters.
//
// Errors: *TemplateError.
func ParseTemplate(text string, limit int) (*Template, error) {
	if utf8.RuneCountInString(text) > limit {
		return nil, &TemplateError{Err: ErrTemplateTooLong}
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, &TemplateError{Err: ErrTemplateSyntax}
	}
	used, err := mentioned(text)
	if err != nil {
		return nil, err
	}
	parsed, perr := liquid.NewEngine().ParseString(english(text))
	if perr != nil {
		return nil, &TemplateError{Err: ErrTemplateSyntax}
	}
	t := &Template{t: parsed, used: used}
	if _, err := t.Render(Values{}); err != nil { // an unknown filter shows only when rendered
		return nil, err
	}
	return t, nil
}

// Uses reports whether the template mentions the variable.
func (t *Template) Uses(name string) bool { return t.used[name] }

// Render fills the template in for one recipient.
func (t *Template) Render(v Values) (string, error) {
	bindings := make(liquid.Bindings, len(v))
	for _, known := range Variables() {
		if value := v[known.Name]; value != "" {
			bindings[known.Name] = value // an absent one is nil, so that | default: works
		}
	}
	out, err := t.t.RenderString(bindings)
	if err != nil {
		return "", &TemplateError{Err: ErrTemplateSyntax}
	}
	return out, nil
}

// mentioned finds the variables of a template and refuses unknown ones and other tags.
func mentioned(text string) (map[string]bool, error) {
	used := map[string]bool{}
	for _, m := range tags.FindAllStringSubmatch(text, -1) {
		word, rest, _ := strings.Cut(strings.TrimSpace(m[1]), " ")
		expression, ok := allowedTags[word]
		if !ok {
			return nil, &TemplateError{Err: ErrTemplateTag, Word: word}
		}
		if expression {
			if err := note(used, rest); err != nil {
				return nil, err
			}
		}
	}
	for _, m := range outputs.FindAllStringSubmatch(text, -1) {
		if strings.TrimSpace(m[1]) == "" {
			return nil, &TemplateError{Err: ErrTemplateSyntax}
		}
		if err := note(used, m[1]); err != nil {
			return nil, err
		}
	}
	return used, nil
}

// note collects the variables of an expression: every name that is not a literal, a keyword, a
// filter (the first name behind a bar) or a property (behind a dot; strings have none worth it).
func note(used map[string]bool, expression string) error {
	for i, part := range strings.Split(strs.ReplaceAllString(expression, `""`), "|") {
		for j, at := range names.FindAllStringIndex(part, -1) {
			name := part[at[0]:at[1]]
			switch {
			case i > 0 && j == 0, slices.Contains(keywords, name), at[0] > 0 && part[at[0]-1] == '.',
				at[0] > 0 && unicode.IsDigit(rune(part[at[0]-1])):
				continue
			}
			known := slices.IndexFunc(Variables(), func(v Variable) bool { return v.Name == name || v.Zh == name })
			if known < 0 {
				return &TemplateError{Err: ErrTemplateVariable, Word: name}
			}
			used[Variables()[known].Name] = true
		}
	}
	return nil
}

// english replaces Chinese variable names inside the braces: Liquid's scanner knows ASCII only.
func english(text string) string {
	replace := func(m string) string {
		var b strings.Builder
		at := 0
		for _, s := range append(strs.FindAllStringIndex(m, -1), []int{len(m), len(m)}) {
			b.WriteString(names.ReplaceAllStringFunc(m[at:s[0]], englishName))
			b.WriteString(m[s[0]:s[1]])
			at = s[1]
		}
		return b.String()
	}
	return tags.ReplaceAllStringFunc(outputs.ReplaceAllStringFunc(text, replace), replace)
}

func englishName(name string) string {
	for _, v := range Variables() {
		if v.Zh == name {
			return v.Name
		}
	}
	return name
}

// OneLine makes a rendered text fit a header: a line break in a name must not begin another one.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
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
