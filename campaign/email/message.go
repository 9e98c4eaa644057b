package email

import (
	"bytes"
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

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
	msg, ok := c.compose(m, to)
	if !ok {
		return nil, &campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonTemplate}
	}
	var b bytes.Buffer
	b.Grow(1024 + 2*(len(m.Text)+len(m.HTML)))
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, &campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonTemplate}
	}
	raw := b.Bytes()
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		raw = append(raw, "\r\n"...)
	}
	if c.sign != nil {
		var err error
		if raw, err = c.sign(raw); err != nil { // a key in a box of its own may be away for a while
			return nil, &campaign.Outcome{Kind: campaign.OutcomeTemporary}
		}
	}
	return &letter{to: angled(to.Address), utf8: !isASCII(to.Address), message: raw}, nil
}

// compose fills in the headers and the parts. False: a field cannot stand in a header.
func (c *Channel) compose(m campaign.Message, to *mail.Address) (*gomail.Msg, bool) {
	if m.Key == "" || len(m.Key) > maxKey {
		return nil, false
	}
	// The encoding given here is that of the subject.
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingB64))
	msg.FromMailAddress(c.from)
	msg.ToMailAddress(to)
	if m.ReplyTo != "" {
		reply, err := mail.ParseAddress(m.ReplyTo)
		if err != nil || len(m.ReplyTo) > maxURL || !isASCII(reply.Address) {
			return nil, false
		}
		msg.ReplyToMailAddress(reply)
	}
	if m.Unsubscribe != "" {
		if !isURL(m.Unsubscribe) {
			return nil, false
		}
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
		msg.SetGenHeader(gomail.HeaderPrecedence, "bulk") // keeps "I am on holiday" away
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(c.now())
	msg.SetMessageIDWithValue(messageID(m.Key, c.domain))
	msg.SetBodyString(gomail.TypeTextPlain, valid(m.Text), gomail.WithPartEncoding(encoding(m.Text)))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, valid(m.HTML), gomail.WithPartEncoding(encoding(m.HTML)))
	}
	return msg, true
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

// encoding is the shorter and faster one: base64 when much of a text is not ASCII.
func encoding(s string) gomail.Encoding {
	other := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			other++
		}
	}
	if other*6 > len(s) {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
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
