package sms

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxOptOut is how many characters an opt-out has at most: a longer reply is a sentence, which
// people have to read.
const maxOptOut = 30

// optOut matches a whole reply that says no, after plain has simplified it: a code that messages
// name ("T"), the words for it, or both, as they are copied out of a message ("回复TD退订",
// "拒收请回复R"), with what people write around it. A sentence about unsubscribing
// ("退订流程是什么", "不要退订") has other words in it and is none.
var optOut = regexp.MustCompile(`^(请|麻烦|我要|我想|要求|申请|回复?|发送|短信)*` +
	`((TD|T|R|N)?(退订|退定|退訂|拒收|取消订阅|取消訂閱|UNSUBSCRIBE)+(请?(回复?|发送?)?(TD|T|R|N))?|` +
	`(TD)+|T|R|N|QX|STOP|STOPALL|QUIT|CANCEL|END)` +
	`(短信|信息|消息|广告|吧|了|啊|谢谢|PLEASE|THANKS)*$`)

// OptOut tells whether a reply asks to be written to no more. Letter case, full-width letters,
// spaces, punctuation, symbols and emoji do not matter; other words do. In doubt it says yes to a
// bare code and no to a sentence.
func OptOut(text string) bool {
	if len(text) > 1000 { // a bound on the work below, whatever the text is made of
		return false
	}
	simple := plain(text)
	return utf8.RuneCountInString(simple) <= maxOptOut && optOut.MatchString(simple)
}

// plain keeps the letters and digits of a text, in capitals and half-width.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // full-width forms of ASCII
			r -= '！' - '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
}
