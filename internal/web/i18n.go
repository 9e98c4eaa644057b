package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

//go:embed messages/*.json
var messageFS embed.FS

// The languages of the pages; the first is the default.
const (
	zhCN = "zh-CN"
	en   = "en"
)

func languages() []string { return []string{zhCN, en} }

// message is a text with places {0}, {1} … for arguments. One, where set, is used when the first
// whole number among the arguments is 1; Chinese has no such form.
type message struct {
	One   string `json:"one"`
	Other string `json:"other"`
}

// UnmarshalJSON takes a plain string as a message without forms.
func (m *message) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &m.Other)
	}
	type plain message
	return json.Unmarshal(b, (*plain)(m))
}

// messages are the texts of one language by key.
type messages map[string]message

func readMessages(lang string) (messages, error) {
	text, err := messageFS.ReadFile("messages/" + lang + ".json")
	if err != nil {
		return nil, err
	}
	m := messages{}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("messages %s: %w", lang, err)
	}
	return m, nil
}

// T fills a message. Whole numbers get their thousands marked. A key without a message shows
// itself; a test keeps that from happening.
func (l *locale) T(key string, args ...any) string {
	m, ok := l.messages[key]
	if !ok {
		return key
	}
	text, counted := m.Other, false
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		s, n, whole := l.arg(a)
		if whole && !counted {
			counted = true
			if n == 1 && m.One != "" {
				text = m.One
			}
		}
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", s)
	}
	if len(pairs) == 0 {
		return text
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// arg writes an argument of a message; whole tells that it is a whole number, n.
func (l *locale) arg(a any) (s string, n int64, whole bool) {
	if n, ok := whole64(a); ok {
		return l.Num(n), n, true
	}
	return fmt.Sprint(a), 0, false
}

// TK is T of a key made of a fixed prefix and one of the words of a list, such as a state. A test
// holds each prefix to its list.
func (l *locale) TK(prefix string, word any, args ...any) string {
	return l.T(prefix+"."+fmt.Sprint(word), args...)
}

// chooseLanguage takes the cookie's word if it is a language; else English for browsers that
// know English and no Chinese; else Chinese.
func chooseLanguage(cookie, accept string) string {
	for _, l := range languages() {
		if cookie == l {
			return l
		}
	}
	accept = strings.ToLower(accept)
	if strings.Contains(accept, "en") && !strings.Contains(accept, "zh") {
		return en
	}
	return zhCN
}
