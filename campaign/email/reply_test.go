package email

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]reply{
		"250 ok\r\n":                       {code: 250, text: "ok"},
		"250\r\n":                          {code: 250},
		"250 \n":                           {code: 250},
		"354 go\r\n":                       {code: 354, text: "go"},
		"250-a\r\n250-b\r\n250 c\r\n":      {code: 250, text: "c"},
		"550 5.1.1 No such user\r\n":       {code: 550, enhanced: "5.1.1", text: "No such user"},
		"550 #5.1.0 Address rejected.\r\n": {code: 550, enhanced: "5.1.0", text: "Address rejected."},
		"550-5.1.1 The account\r\n550 5.1.1 is\n": {code: 550, enhanced: "5.1.1", text: "The account is"},
		"550 4.1.1 mixed up\r\n":                  {code: 550, text: "4.1.1 mixed up"},
		"550 5.1.1\r\n":                           {code: 550, enhanced: "5.1.1"},
		"550 5.1.1.1 what\r\n":                    {code: 550, text: "5.1.1.1 what"},
		"550 127.0.0.1 blocked\r\n":               {code: 550, text: "127.0.0.1 blocked"},
	} {
		if got, err := readReply(bufio.NewReader(strings.NewReader(raw))); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", "\r\n", "250", "25\r\n", "250ok\r\n", "ok\r\n", "999 x\r\n", "100 x\r\n", "-25 x\r\n", "250-a\r\n", "250-a\r\n251 b\r\n",
		strings.Repeat("250-a\r\n", maxLines) + "250 b\r\n", "250 " + strings.Repeat("x", 5000) + "\r\n"} {
		if got, err := readReply(bufio.NewReader(strings.NewReader(raw))); err == nil {
			t.Errorf("%.20q: %+v", raw, got)
		}
	}
}

func TestQueued(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2.0.0 Ok: queued as 4XyZ12": "4XyZ12", "OK id=1rAbc-000-1x": "1rAbc-000-1x", "2.0.0 Ok: queued as <AB12>.": "AB12",
		"2.0.0 Ok": "", "": "", "queued as ": "", "queued as " + strings.Repeat("x", 101): "", "id=a\x01b": "",
	} {
		if got := (reply{code: 250, text: text}).queued(); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzReadReply: it ends, reads no further than the answer, and gives a code that SMTP has.
func FuzzReadReply(f *testing.F) {
	f.Add("250-a\r\n250 b\r\n", byte(0))
	f.Add("550 5.1.1 x\n", byte(1))
	f.Fuzz(func(t *testing.T, raw string, at byte) {
		in := bufio.NewReader(strings.NewReader(raw + "\n250 next\r\n"))
		r, err := readReply(in)
		if err != nil {
			return
		}
		if r.code < 200 || r.code > 599 || len(r.queued()) > 100 {
			t.Errorf("%+v", r)
		}
		o, ours := refusal(step(int(at)%int(steps)), reply{code: 500 + r.code%100, enhanced: r.enhanced, text: r.text})
		if ours == (o.Kind == permanent) {
			t.Errorf("%+v: %+v, ours %v", r, o, ours)
		}
	})
}
