package sink

import (
	"errors"
	"fmt"
	"log/slog"
	"net/smtp"
	"net/textproto"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

func start(t *testing.T) *Sink {
	t.Helper()
	db, err := school.Open(t.Context(), pgtest.DSN(t), "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	t.Cleanup(func() { db.Close() })
	if err := school.CreateTables(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), "127.0.0.1:0", db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const letter = "From: =?UTF-8?B?5ZCv5piO572R5qCh?= <hello@mail.example.com>\r\n" +
	"Subject: =?UTF-8?Q?=E6=98=A5=E5=AD=A3=E7=8F=AD?= 2026\r\nMessage-ID: <one@mail.example.com>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"=E4=BD=A0=E5=A5=BD https://example.com/a?b=3D1\r\n.a line with a dot\r\n..two\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+5L2g5aW9PC9wPg==\r\n--b--\r\n"

func TestReceive(t *testing.T) {
	t.Parallel()
	s := start(t)
	to := []string{"a1@example.com", "A2@example.com", "b@example.com"}
	if err := smtp.SendMail(s.Addr(), nil, "hello@mail.example.com", to, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Count(t.Context(), ""); n != 3 || err != nil {
		t.Fatalf("Count() = %d, %v, want 3", n, err)
	}
	if n, err := s.Count(t.Context(), "a"); n != 2 || err != nil {
		t.Fatalf("Count(a) = %d, %v, want 2", n, err)
	}
	found, err := s.List(t.Context(), Query{To: "b@", Limit: 10})
	if err != nil || len(found) != 1 || found[0].Subject != "春季班 2026" || found[0].From != "启明网校 <hello@mail.example.com>" || found[0].MessageID != "<one@mail.example.com>" {
		t.Fatalf("List() = %+v, %v", found, err)
	}
	m, err := s.Get(t.Context(), found[0].ID)
	if err != nil || string(m.Raw) != letter {
		t.Fatalf("the source is not what was sent: %q, %v", m.Raw, err)
	}
	c := Parse(m.Raw)
	if want := "你好 https://example.com/a?b=1\r\n.a line with a dot\r\n..two"; c.Text != want || c.HTML != "<p>你好</p>" || c.Problem != "" {
		t.Errorf("Parse() = %+v", c)
	}
	if older, err := s.List(t.Context(), Query{Before: found[0].ID, Limit: 10}); err != nil || len(older) != 2 {
		t.Errorf("%d mails before the last, %v", len(older), err)
	}
	if _, err := s.Get(t.Context(), 999); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get(999) = %v", err)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	s := start(t)
	for to, want := range map[string]int{"tempfail@example.com": 451, "tempfail7@example.com": 451, "reject@example.com": 550, "fine@example.com": 0} {
		err := smtp.SendMail(s.Addr(), nil, "hello@mail.example.com", []string{to}, []byte(letter))
		var reply *textproto.Error
		if got := errors.As(err, &reply); got != (want > 0) || got && reply.Code != want {
			t.Errorf("%s: %v, want code %d", to, err, want)
		}
	}
	s.SetRule(func(string) *gosmtp.SMTPError { return nil })
	if err := smtp.SendMail(s.Addr(), nil, "hello@mail.example.com", []string{"reject@example.com"}, []byte(letter)); err != nil {
		t.Errorf("with a rule that takes all: %v", err)
	}
	if n, _ := s.Count(t.Context(), ""); n != 2 {
		t.Errorf("%d mails kept, want 2", n)
	}
}

// TestManyAtOnce checks that each mail that was answered with 250 is there, once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	const clients, each = 12, 60
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			c, err := smtp.Dial(s.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := range each {
				if err := send(c, fmt.Sprintf("u%d-%d@example.com", n, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	var mails, boxes int
	err := s.DB.QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT recipient) FROM mails").Scan(&mails, &boxes)
	if err != nil || mails != clients*each || boxes != mails {
		t.Errorf("%d mails to %d people, want %d; %v", mails, boxes, clients*each, err)
	}
}

func send(c *smtp.Client, to string) error {
	if err := c.Mail("hello@mail.example.com"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(letter)); err != nil {
		return err
	}
	return w.Close()
}

// TestParseShowsWhatItCan gives it mail that is not well formed.
func TestParseShowsWhatItCan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw, text string
		problem   bool
	}{
		"no head":        {"hello", "hello", true},
		"no type":        {"From: a@example.com\n\nhello", "hello", false},
		"bad boundary":   {"Content-Type: multipart/mixed; boundary=x\n\nhello", "", true},
		"bad encoding":   {"Content-Transfer-Encoding: base64\n\n!!!", "", true},
		"not UTF-8":      {"From: a@example.com\n\n\xff\x00", "�", false},
		"nested for fun": {nested(20), "", true},
		"nested a bit":   {nested(3), "deep", false},
	} {
		if got := Parse([]byte(c.raw)); got.Text != c.text || (got.Problem != "") != c.problem {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// nested is a text inside n multiparts.
func nested(n int) string {
	if n == 0 {
		return "Content-Type: text/plain\n\ndeep"
	}
	return fmt.Sprintf("Content-Type: multipart/mixed; boundary=x%[1]d\n\n--x%[1]d\n%[2]s\n--x%[1]d--", n, nested(n-1))
}
