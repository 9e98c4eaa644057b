package email

import (
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/campaign"
)

// letter is a message as it goes over the wire.
type letter struct {
	index   int    // in the batch
	to      string // for RCPT, in angle brackets
	utf8    bool   // the address needs SMTPUTF8
	message []byte // CRLF at the end of every line
}

// Bounds of what goes into one line of a header, in bytes; RFC 5322 ends a line at 998.
const (
	maxAddress = 254 // RFC 5321
	maxURL     = 900
	maxSubject = 900 // what is longer is cut
)

// write makes a letter, or says what becomes of a message that cannot be written down.
func (c *Channel) write(m campaign.Message) (*letter, *campaign.Outcome) {
	to, ok := parseAddress(m.To)
	if !ok {
		return nil, &campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonInvalid}
	}
	raw, ok := c.compose(m, to)
	if !ok {
		return nil, &campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonTemplate}
	}
	if c.sign != nil {
		var err error
		if raw, err = c.sign(raw); err != nil { // a key in a box of its own may be away for a while
			return nil, &campaign.Outcome{Kind: campaign.OutcomeTemporary}
		}
	}
	return &letter{to: angled(to.Address), utf8: !isASCII(to.Address), message: raw}, nil
}

// compose writes headers and parts. False: a field cannot stand in a header.
//
// It writes MIME itself, with the standard library's encoders: go-mail's messages cost more than
// all the rest of sending one.
func (c *Channel) compose(m campaign.Message, to *mail.Address) ([]byte, bool) {
	if m.Key == "" || len(m.Key) > maxKey {
		return nil, false
	}
	var w mimeWriter
	w.b = make([]byte, 0, 1024+3*(len(m.Text)+len(m.HTML))/2)
	w.header("Date", c.now().Format(time.RFC1123Z))
	w.header("From", c.from)
	w.header("To", angled(to.Address))
	if m.ReplyTo != "" {
		reply, err := mail.ParseAddress(m.ReplyTo)
		if err != nil || len(m.ReplyTo) > maxURL || !isASCII(reply.Address) {
			return nil, false
		}
		w.header("Reply-To", reply.String())
	}
	w.header("Subject", encodedWords(oneLine(m.Subject)))
	w.header("Message-ID", "<"+messageID(m.Key, c.domain)+">")
	if m.Unsubscribe != "" {
		if !isURL(m.Unsubscribe) {
			return nil, false
		}
		w.header("List-Unsubscribe", "<"+m.Unsubscribe+">")
		w.header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		w.header("Precedence", "bulk") // keeps "I am on holiday" away
	}
	w.header("MIME-Version", "1.0")
	if m.HTML == "" {
		w.part("text/plain", valid(m.Text))
		return w.b, true
	}
	w.header("Content-Type", `multipart/alternative; boundary="`+boundary+`"`)
	w.line("")
	w.line("--" + boundary)
	w.part("text/plain", valid(m.Text))
	w.line("--" + boundary)
	w.part("text/html", valid(m.HTML))
	w.line("--" + boundary + "--")
	return w.b, true
}

// parseAddress takes one bare address. Anything else, as a name or a second address, would reach
// people nobody chose.
func parseAddress(s string) (*mail.Address, bool) {
	if len(s) > maxAddress || hasControl(s) || strings.ContainsAny(s, " <>(),;") {
		return nil, false
	}
	a, err := mail.ParseAddress(s)
	return a, err == nil
}

// isURL tells whether s is an address of the web that can stand in a header as it is.
func isURL(s string) bool {
	if len(s) > maxURL || !isPrintable(s) || strings.ContainsAny(s, "<>\", ") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// oneLine makes a subject of any text. What looks like an encoded word is taken apart: a mail
// program would show what it decodes to.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, valid(s))
	s = strings.TrimSpace(strings.ReplaceAll(s, "=?", "= ?"))
	for len(s) > maxSubject {
		_, size := utf8.DecodeLastRuneInString(s[:maxSubject+1])
		s = s[:maxSubject+1-size]
	}
	return s
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func hasControl(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}
