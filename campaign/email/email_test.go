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

func channel(t *testing.T, addr string) *Channel {
	t.Helper()
	c, err := New(Config{Addr: addr, From: "启明网校 <hello@mail.example.com>", TLS: TLSNone, Timeout: 2 * time.Second})
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

func TestOutcomes(t *testing.T) {
	t.Parallel()
	is := func(arg, who string) bool { return strings.Contains(arg, who) }
	for _, c := range []struct {
		name   string
		answer func(verb, arg string) string
		want   []campaign.OutcomeKind
		taken  int
	}{
		{"all taken", func(string, string) string { return "" }, []campaign.OutcomeKind{accepted, accepted, accepted}, 3},
		{"recipient refused", func(verb, arg string) string {
			if verb == "RCPT" && is(arg, "p1@") {
				return "550 no such user"
			}
			return ""
		}, []campaign.OutcomeKind{accepted, permanent, accepted}, 2},
		{"recipient put off", func(verb, arg string) string {
			if verb == "RCPT" && is(arg, "p1@") {
				return "451 later"
			}
			return ""
		}, []campaign.OutcomeKind{accepted, temporary, accepted}, 2},
		{"content refused", func(verb, arg string) string {
			if verb == "." && is(arg, "p1@") {
				return "554 no"
			}
			return ""
		}, []campaign.OutcomeKind{accepted, permanent, accepted}, 2},
		{"cut after the data: nobody knows", func(verb, arg string) string {
			if verb == "." && is(arg, "p1@") {
				return "keep cut"
			}
			return ""
		}, []campaign.OutcomeKind{accepted, unknown, accepted}, 3},
		{"cut before the data: it has not left", func(verb, arg string) string {
			if verb == "RCPT" && is(arg, "p1@") {
				return "cut"
			}
			return ""
		}, []campaign.OutcomeKind{accepted, temporary, accepted}, 2},
		{"taken, then the server fails at RSET", func() func(verb, arg string) string {
			return func(verb, _ string) string {
				if verb == "RSET" {
					return "cut"
				}
				return ""
			}
		}(), []campaign.OutcomeKind{accepted, accepted, accepted}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.answer)
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
		})
	}
}

func TestServerThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(verb, arg string) string
		want   error
	}{
		"refuses the connection": {func(verb, _ string) string {
			if verb == "CONNECT" {
				return "554 go away"
			}
			return ""
		}, campaign.ErrRefused},
		"refuses the sender": {func(verb, _ string) string {
			if verb == "MAIL" {
				return "550 who are you"
			}
			return ""
		}, campaign.ErrRefused},
		"hangs up": {func(verb, _ string) string {
			if verb == "CONNECT" {
				return "cut"
			}
			return ""
		}, campaign.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.answer)
			_, err := channel(t, s.addr).Send(t.Context(), batch(2))
			if !errors.Is(err, c.want) || len(s.taken()) != 0 {
				t.Errorf("got %v, %d taken", err, len(s.taken()))
			}
		})
	}
	if _, err := channel(t, "127.0.0.1:1").Send(t.Context(), batch(1)); !errors.Is(err, campaign.ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestConnectionsAreKept: many batches, one connection; and one that went stale is replaced
// without anybody noticing.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var stale atomic.Bool
	s := serve(t, func(verb, _ string) string {
		if verb == "MAIL" && stale.Swap(false) {
			return "cut"
		}
		return ""
	})
	c := channel(t, s.addr)
	for i := range 3 {
		stale.Store(i == 2)
		got, err := c.Send(t.Context(), batch(5))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range got {
			if o.Kind != accepted {
				t.Errorf("batch %d: outcome %d", i, o.Kind)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connections != 2 || len(s.got) != 15 {
		t.Errorf("%d connections, %d messages", s.connections, len(s.got))
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	s := serve(t, func(string, string) string { return "" })
	if _, err := channel(t, s.addr).Send(t.Context(), batch(1)); err != nil {
		t.Fatal(err)
	}
	raw := s.taken()[0]
	for _, want := range []string{"Message-ID: <c1.0@mail.example.com>\r\n", "To: <p0@example.com>\r\n",
		"multipart/alternative", "text/plain; charset=UTF-8", "text/html; charset=UTF-8"} {
		if !strings.Contains(raw, want) {
			t.Errorf("%q is missing from\n%s", want, raw)
		}
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Addr: "nonsense", From: "nobody\r\nBcc: x@example.com", TLS: "maybe"})
	for _, field := range []string{"Addr", "From", "TLS"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
}
