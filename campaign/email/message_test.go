package email

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// written makes a message's letter and reads it back.
func written(t testing.TB, c *Channel, m campaign.Message) (*mail.Message, *letter) {
	t.Helper()
	l, failed := c.write(m)
	if failed != nil {
		t.Fatalf("not written: %+v", *failed)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(l.message))
	if err != nil {
		t.Fatalf("%v in\n%s", err, l.message)
	}
	return parsed, l
}

// parts reads the bodies of a message by media type.
func parts(t testing.TB, header func(string) string, body io.Reader, into map[string]string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		switch header("Content-Transfer-Encoding") {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		into[kind] = string(text)
		return
	}
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		parts(t, p.Header.Get, p, into)
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	c := channel(t, "127.0.0.1:1")
	c.now = func() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }
	full := campaign.Message{Key: "c1.0", To: "p0@example.com", ReplyTo: "客服 <help@example.com>", Subject: "你好,新课程", Text: "亲爱的同学\n.\n再见",
		HTML: "<p>Hello, this is <b>mostly</b> ASCII 你</p>", Unsubscribe: "https://learn.example/go/u/abc?x=1"}
	for _, m := range []struct {
		name    string
		message campaign.Message
		headers map[string]string
	}{
		{"all there is", full, map[string]string{
			"From": "=?utf-8?q?=E5=90=AF=E6=98=8E=E7=BD=91=E6=A0=A1?= <hello@mail.example.com>", "To": "<p0@example.com>",
			"Reply-To": "=?utf-8?q?=E5=AE=A2=E6=9C=8D?= <help@example.com>", "Date": "Sun, 01 Mar 2026 08:00:00 +0000",
			"Message-Id": "<c1.0@mail.example.com>", "List-Unsubscribe": "<https://learn.example/go/u/abc?x=1>",
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Precedence": "bulk", "Mime-Version": "1.0", "User-Agent": "", "X-Mailer": ""}},
		{"the least", campaign.Message{Key: "t7", To: "p0@example.com", Text: "."}, map[string]string{
			"Reply-To": "", "List-Unsubscribe": "", "List-Unsubscribe-Post": "", "Precedence": "", "Message-Id": "<t7@mail.example.com>",
			"Content-Type": "text/plain; charset=UTF-8"}},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			parsed, _ := written(t, c, m.message)
			for name, want := range m.headers {
				if got := strings.Join(parsed.Header[name], "|"); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if got, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); got != m.message.Subject || err != nil {
				t.Errorf("Subject: %q, %v", got, err)
			}
			got := map[string]string{}
			parts(t, parsed.Header.Get, parsed.Body, got)
			if text := strings.ReplaceAll(got["text/plain"], "\r\n", "\n"); strings.TrimSuffix(text, "\n") != m.message.Text {
				t.Errorf("text %q", text)
			}
			if got["text/html"] != m.message.HTML {
				t.Errorf("HTML %q", got["text/html"])
			}
		})
	}
}

// TestOverTheWire: a message arrives as it was written, dots and all.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, pipelining bool) {
		s := start(t, &server{pipelining: pipelining})
		c := channel(t, s.addr)
		c.now = func() time.Time { return time.Unix(0, 0).UTC() }
		m := campaign.Message{Key: "c1.1", To: "p@example.com", Subject: "dots", Text: ".\n..\nend\n.\n" + strings.Repeat(".long\n", 2000)}
		if _, err := c.Send(t.Context(), []campaign.Message{m}); err != nil {
			t.Fatal(err)
		}
		_, l := written(t, c, m)
		if got := s.taken(); len(got) != 1 || got[0] != string(l.message) {
			t.Errorf("%d messages, not what was written", len(got))
		}
	})
}

// TestUTF8Address: where the server takes it, an address may be other than ASCII.
func TestUTF8Address(t *testing.T) {
	t.Parallel()
	s := start(t, &server{pipelining: true, utf8: true, answer: func(verb, arg string) string {
		if verb == "MAIL" && !strings.HasSuffix(arg, "> BODY=8BITMIME SMTPUTF8") {
			return "451 SMTPUTF8 expected"
		}
		return ""
	}})
	m := batch(1)
	m[0].To = "张三@example.com"
	got, err := channel(t, s.addr).Send(t.Context(), m)
	if err != nil || got[0].Kind != accepted || s.reached["张三@example.com"] != 1 {
		t.Errorf("%+v, %v, reached %v", got, err, s.reached)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"a@example.com": true, "a.b+c@sub.example.com": true, `"a..b"@example.com`: true, "张三@example.com": true,
		"": false, "a": false, "a@": false, "@b": false, "a@b c": false, "a@example.com,b@example.com": false, "a@example.com b@example.com": false,
		"Name <a@example.com>": false, "<a@example.com>": false, "a@example.com\r\nBcc: b@example.com": false, "a@example.com\n": false,
		"a@example.com\x00": false, "a(comment)@example.com": false, "a@example.com\xff": false, "a\u0085@example.com": false,
		strings.Repeat("a", 300) + "@example.com": false, `"a\ b"@example.com`: false, "a@exa>mple.com": false,
	} {
		if _, ok := parseAddress(address); ok != want {
			t.Errorf("%q: %v", address, ok)
		}
	}
}

// TestFields: what cannot stand in a header is not sent, or shown as the text that it is.
func TestFields(t *testing.T) {
	t.Parallel()
	c := channel(t, "127.0.0.1:1")
	for _, set := range []func(m *campaign.Message){
		func(m *campaign.Message) { m.Key = "" },
		func(m *campaign.Message) { m.Key = strings.Repeat("k", maxKey+1) },
		func(m *campaign.Message) { m.ReplyTo = "nobody" },
		func(m *campaign.Message) { m.ReplyTo = "a@example.com, b@example.com" },
		func(m *campaign.Message) { m.ReplyTo = "=?utf-8?q?=0D=0ABcc:_x?= <a@example.com>" },
		func(m *campaign.Message) { m.ReplyTo = "a@example.com\r\nBcc: b@example.com" },
		func(m *campaign.Message) { m.ReplyTo = "张三@example.com" },
		func(m *campaign.Message) { m.Unsubscribe = "https://example.com/a b" },
		func(m *campaign.Message) { m.Unsubscribe = "https://example.com/>,<mailto:x@example.com" },
		func(m *campaign.Message) { m.Unsubscribe = "https://example.com/\r\nBcc: b@example.com" },
		func(m *campaign.Message) { m.Unsubscribe = "javascript:alert(1)" },
		func(m *campaign.Message) { m.Unsubscribe = "/u/abc" },
	} {
		m := batch(1)[0]
		set(&m)
		if _, failed := c.write(m); failed == nil || failed.Kind != permanent || failed.Reason != campaign.ReasonTemplate {
			t.Errorf("%+v: %+v", m, failed)
		}
	}
	for subject, want := range map[string]string{
		"a\r\nBcc: x": "a  Bcc: x", "a\x00b\tc\u2028": "a b c", "\xff": "\uFFFD", "=?utf-8?q?=0D=0ABcc?=": "= ?utf-8?q?=0D=0ABcc?=", "": "",
		strings.Repeat("长", 400): strings.Repeat("长", 300), strings.Repeat("x", maxSubject+5): strings.Repeat("x", maxSubject),
	} {
		m := batch(1)[0]
		m.Subject = subject
		parsed, _ := written(t, c, m)
		if got, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); got != want || err != nil {
			t.Errorf("%q: %q, %v", subject, got, err)
		}
	}
}

// FuzzMessage: whatever stands in the fields, the message has one of each header, no header of
// somebody's own, no bare line ends, and goes to the one recipient.
func FuzzMessage(f *testing.F) {
	f.Add("c1.2", "a@example.com", "b@example.com", "Hi", "Text", "<p>x</p>", "https://example.com/u")
	f.Add("c1\r\n.2", "a@example.com\r\nBcc: x@example.com", "b\n@example.com", "Hi\r\nBcc: x@example.com", "\r\n.\r\nMAIL FROM:<x>", "\r.\r", "https://example.com/>\r\nX: y")
	f.Add("@", "\"\r\n\"@example.com", "=?utf-8?q?=0D=0A?= <a@b>", "=?utf-8?q?=0D=0ABcc:_x?=", "\x00", "\n.\n", "javascript:alert(1)")
	f.Add("键", "张@例.中国", "a@b, c@d", strings.Repeat("长", 500)+"\u2028", strings.Repeat("x", 2000), strings.Repeat("é.", 800), "http://[::1]:80/%0d%0a")
	c, err := New(Config{Addr: "127.0.0.1:1", From: `"Scho\"ol, The" <hello@mail.example.com>`})
	if err != nil {
		f.Fatal(err)
	}
	single := []string{"From", "To", "Date", "Message-Id", "Mime-Version", "Content-Type", "Subject"}
	optional := []string{"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Content-Transfer-Encoding"}
	f.Fuzz(func(t *testing.T, key, to, replyTo, subject, text, html, unsubscribe string) {
		m := campaign.Message{Key: key, To: to, ReplyTo: replyTo, Subject: subject, Text: text, HTML: html, Unsubscribe: unsubscribe}
		if _, failed := c.write(m); failed != nil {
			if failed.Kind != permanent {
				t.Fatalf("%+v", *failed)
			}
			return
		}
		parsed, l := written(t, c, m)
		if strings.ContainsAny(l.to, "\r\n ") && !strings.HasPrefix(l.to, `<"`) || strings.ContainsAny(l.to, "\r\n") {
			t.Errorf("RCPT TO:%q", l.to)
		}
		allowed := map[string]bool{}
		for _, name := range single {
			if allowed[name] = true; len(parsed.Header[name]) != 1 {
				t.Errorf("%d of %s", len(parsed.Header[name]), name)
			}
		}
		for _, name := range optional {
			if allowed[name] = true; len(parsed.Header[name]) > 1 {
				t.Errorf("%d of %s", len(parsed.Header[name]), name)
			}
		}
		for name := range parsed.Header {
			if !allowed[name] {
				t.Errorf("header %q", name)
			}
		}
		if list, err := parsed.Header.AddressList("To"); err != nil || len(list) != 1 || "<"+list[0].Address+">" != l.to && angled(list[0].Address) != l.to {
			t.Errorf("To %v, %v; RCPT %s", list, err, l.to)
		}
		if list, err := parsed.Header.AddressList("From"); err != nil || len(list) != 1 || list[0].Address != "hello@mail.example.com" || list[0].Name != `Scho"ol, The` {
			t.Errorf("From %v, %v", list, err)
		}
		if got, ok := KeyOf(parsed.Header.Get("Message-Id")); got != key || !ok {
			t.Errorf("key %q of %s", got, parsed.Header.Get("Message-Id"))
		}
		if unsubscribe != "" && parsed.Header.Get("List-Unsubscribe") != "<"+unsubscribe+">" {
			t.Errorf("List-Unsubscribe %q", parsed.Header.Get("List-Unsubscribe"))
		}
		for line := range bytes.SplitSeq(bytes.TrimSuffix(l.message, []byte("\r\n")), []byte("\r\n")) {
			if bytes.ContainsAny(line, "\r\n\x00") || len(line) > 998 {
				t.Errorf("line %q", line)
			}
		}
		if dotted := appendDotted(nil, l.message); bytes.HasPrefix(dotted, []byte(".\r\n")) || bytes.Contains(dotted, []byte("\n.\r\n")) {
			t.Error("the end stands in the middle")
		}
		parts(t, parsed.Header.Get, parsed.Body, map[string]string{})
	})
}
