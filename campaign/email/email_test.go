package email

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

func channel(t testing.TB, addr string) *Channel {
	t.Helper()
	return open(t, Config{Addr: addr, TLS: TLSNone})
}

func open(t testing.TB, config Config) *Channel {
	t.Helper()
	config.From = "启明网校 <hello@mail.example.com>"
	if config.Timeout == 0 {
		config.Timeout = 2 * time.Second
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func batch(n int) []campaign.Message {
	out := make([]campaign.Message, n)
	for i := range out {
		out[i] = campaign.Message{Key: fmt.Sprintf("c1.%d", i), To: fmt.Sprintf("p%d@example.com", i),
			Subject: "你好", Text: "正文\n.\n尾", HTML: "<p>正文</p>"}
	}
	return out
}

const (
	accepted  = campaign.OutcomeAccepted
	temporary = campaign.OutcomeTemporary
	permanent = campaign.OutcomePermanent
	unknown   = campaign.OutcomeUnknown
)

// at answers a command about one recipient, and every other as usual.
func at(verb, who, text string) func(verb, arg string) string {
	return func(v, arg string) string {
		if v == verb && strings.Contains(arg, who) {
			return text
		}
		return ""
	}
}

// both runs a test against a server that announces PIPELINING and one that does not.
func both(t *testing.T, name string, test func(t *testing.T, pipelining bool)) {
	for _, pipelining := range []bool{false, true} {
		t.Run(fmt.Sprintf("%s/pipelining=%v", name, pipelining), func(t *testing.T) {
			t.Parallel()
			test(t, pipelining)
		})
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	kinds := func(k ...campaign.OutcomeKind) []campaign.OutcomeKind { return k }
	for _, c := range []struct {
		name   string
		answer func(verb, arg string) string
		want   []campaign.OutcomeKind
		taken  int
	}{
		{"all taken", at("-", "", ""), kinds(accepted, accepted, accepted), 3},
		{"recipient refused", at("RCPT", "p1@", "550 no such user"), kinds(accepted, permanent, accepted), 2},
		{"first refused", at("RCPT", "p0@", "550 no such user"), kinds(permanent, accepted, accepted), 2},
		{"last refused", at("RCPT", "p2@", "550 no such user"), kinds(accepted, accepted, permanent), 2},
		{"all refused", at("RCPT", "p", "550 no such user"), kinds(permanent, permanent, permanent), 0},
		{"recipient put off", at("RCPT", "p1@", "451 later"), kinds(accepted, temporary, accepted), 2},
		{"recipient answered with nonsense", at("RCPT", "p1@", "354 what"), kinds(accepted, temporary, accepted), 2},
		{"data refused", at("DATA", "p1@", "554 no"), kinds(accepted, permanent, accepted), 2},
		{"data put off", at("DATA", "p1@", "451 no"), kinds(accepted, temporary, accepted), 2},
		{"data answered with nonsense", at("DATA", "p1@", "250 what"), kinds(accepted, temporary, accepted), 2},
		{"content refused", at(".", "p1@", "554 no"), kinds(accepted, permanent, accepted), 2},
		{"content put off", at(".", "p1@", "451 no"), kinds(accepted, temporary, accepted), 2},
		{"content answered with nonsense", at(".", "p1@", "354 what"), kinds(accepted, unknown, accepted), 2},
		{"content not answered in SMTP", at(".", "p1@", "HTTP/1.1 200 OK"), kinds(accepted, unknown, accepted), 2},

		{"cut at RCPT", at("RCPT", "p1@", "cut"), kinds(accepted, temporary, accepted), 2},
		{"cut after RCPT", at("RCPT", "p1@", "250 ok then cut"), kinds(accepted, temporary, accepted), 2},
		{"cut at DATA", at("DATA", "p1@", "cut"), kinds(accepted, temporary, accepted), 2},
		{"cut after the content, taken: nobody knows", at(".", "p1@", "keep cut"), kinds(accepted, unknown, accepted), 3},
		{"cut after the content, not taken: nobody knows", at(".", "p1@", "cut"), kinds(accepted, unknown, accepted), 2},
		{"cut after the answer to the content", at(".", "p1@", "250 ok then cut"), kinds(accepted, accepted, accepted), 3},
		{"cut at the last content", at(".", "p2@", "keep cut"), kinds(accepted, accepted, unknown), 3},
		{"cut in the middle of the answer to the content", at(".", "p1@", "250-ok then cut"), kinds(accepted, unknown, accepted), 3},
		{"cut at RSET", func(verb, arg string) string {
			return at("RSET", "", "cut")(verb, arg) + at("RCPT", "p1@", "550 no such user")(verb, arg)
		}, kinds(accepted, permanent, accepted), 2},
		{"RSET refused", func(verb, arg string) string {
			return at("RSET", "", "502 what")(verb, arg) + at("RCPT", "p1@", "550 no such user")(verb, arg)
		}, kinds(accepted, permanent, accepted), 2},

		{"closing at RCPT", at("RCPT", "p1@", "421 closing"), kinds(accepted, temporary, accepted), 2},
		{"closing at DATA", at("DATA", "p1@", "421 closing"), kinds(accepted, temporary, accepted), 2},
		{"closing instead of taking the content", at(".", "p1@", "421 closing"), kinds(accepted, temporary, accepted), 2},
		{"closing after each message", at(".", "", "250 ok then cut"), kinds(accepted, accepted, accepted), 3},
	} {
		both(t, c.name, func(t *testing.T, pipelining bool) {
			s := start(t, &server{answer: c.answer, pipelining: pipelining})
			got, err := channel(t, s.addr).Send(t.Context(), batch(3))
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range got {
				if o.Kind != c.want[i] {
					t.Errorf("message %d: outcome %d, want %d", i, o.Kind, c.want[i])
				}
			}
			if n := len(s.taken()); n != c.taken {
				t.Errorf("server took %d, want %d", n, c.taken)
			}
			if pipelining != (s.groups > 0) {
				t.Errorf("%d commands came together", s.groups)
			}
		})
	}
}

// TestNobody: with pipelining DATA has gone out when the recipient is refused. A server that
// answers it 354 all the same gets an empty end, whatever it says to that, and nobody gets mail.
func TestNobody(t *testing.T) {
	t.Parallel()
	for _, lone := range []string{"", "250 ok", "503 what", "cut", "421 closing"} {
		t.Run("lone dot answered "+lone, func(t *testing.T) {
			t.Parallel()
			var ends atomic.Int64
			s := start(t, &server{pipelining: true, answer: func(verb, arg string) string {
				if verb == "LONE" {
					ends.Add(1)
				}
				return at("LONE", "", lone)(verb, arg) + at("DATA", "p1@", "354 go on")(verb, arg) +
					at("RCPT", "p1@", "550 no such user")(verb, arg)
			}})
			got, err := channel(t, s.addr).Send(t.Context(), batch(3))
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Kind != accepted || got[1].Kind != permanent || got[2].Kind != accepted || s.reached["p1@example.com"] != 0 || ends.Load() != 1 {
				t.Errorf("%+v, reached %v, %d empty ends", got, s.reached, ends.Load())
			}
		})
	}
}

func TestServerThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer func(verb, arg string) string
		want   error
	}{
		{"refuses the connection", at("CONNECT", "", "554 go away"), campaign.ErrRefused},
		{"refuses the sender", at("MAIL", "", "550 who are you"), campaign.ErrRefused},
		{"refuses the sender at RCPT", at("RCPT", "", "553 5.7.1 <a@b>: Sender address rejected: not owned by user"), campaign.ErrRefused},
		{"wants a login", at("RCPT", "", "530 5.7.0 log in"), campaign.ErrRefused},
		{"does not relay", at("RCPT", "", "554 5.7.1 <p0@example.com>: Relay access denied"), campaign.ErrRefused},
		{"hangs up", at("CONNECT", "", "cut"), campaign.ErrUnreachable},
		{"is closing", at("CONNECT", "", "421 later"), campaign.ErrUnreachable},
		{"hangs up at MAIL", at("MAIL", "", "cut"), campaign.ErrUnreachable},
		{"is closing at MAIL", at("MAIL", "", "421 later"), campaign.ErrUnreachable},
		{"puts every sender off", at("MAIL", "", "452 disk full"), campaign.ErrUnreachable},
		{"speaks something else", at("CONNECT", "", "HTTP/1.1 400 Bad Request"), campaign.ErrUnreachable},
	} {
		both(t, c.name, func(t *testing.T, pipelining bool) {
			s := start(t, &server{answer: c.answer, pipelining: pipelining})
			_, err := channel(t, s.addr).Send(t.Context(), batch(4))
			if !errors.Is(err, c.want) || len(s.taken()) != 0 {
				t.Errorf("got %v, %d taken", err, len(s.taken()))
			}
		})
	}
	if _, err := channel(t, "127.0.0.1:1").Send(t.Context(), batch(1)); !errors.Is(err, campaign.ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestSenderPutOff: now and then it costs that message a try; three times in a row, the rest waits.
func TestSenderPutOff(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, pipelining bool) {
		var n atomic.Int64
		s := start(t, &server{pipelining: pipelining, answer: func(verb, _ string) string {
			if verb == "MAIL" {
				if i := n.Add(1); i%2 == 0 || i > 7 {
					return "451 later"
				}
			}
			return ""
		}})
		got, err := channel(t, s.addr).Send(t.Context(), batch(20))
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range got {
			if want := i < 7 && i%2 == 0; want != (o.Kind == accepted) || !want && o.Kind != temporary {
				t.Errorf("message %d: outcome %d", i, o.Kind)
			}
		}
		if n.Load() != 10 {
			t.Errorf("%d senders were tried", n.Load())
		}
	})
}

// TestNothingToSend: not even a connection is made.
func TestNothingToSend(t *testing.T) {
	t.Parallel()
	got, err := channel(t, "127.0.0.1:1").Send(t.Context(), nil)
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestUnwritable: what cannot be written down fails for good, and the others go.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	s := start(t, &server{pipelining: true})
	list := batch(4)
	list[0].To = "nobody"
	list[2].To = "张三@example.com" // and the server takes ASCII only
	list[3].ReplyTo = "a@example.com\r\nBcc: b@example.com"
	got, err := channel(t, s.addr).Send(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	want := []campaign.Outcome{{Kind: permanent, Reason: campaign.ReasonInvalid}, {Kind: accepted, ProviderID: "4AbC"},
		{Kind: permanent, Reason: campaign.ReasonRejected}, {Kind: permanent, Reason: campaign.ReasonTemplate}}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("message %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Addr: "nonsense", From: "nobody\r\nBcc: x@example.com", TLS: "maybe", Timeout: -1, Rate: -1, DKIM: DKIM{Domain: "example.com"}})
	for _, field := range []string{"Addr", "From", "TLS", "Timeout", "Rate", "DKIM"} {
		if err == nil || !strings.Contains(err.Error(), "field "+field) {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
}
