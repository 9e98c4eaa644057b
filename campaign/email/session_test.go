package email

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// TestConnectionsAreKept: many batches, one connection; and one that went stale is replaced
// without anybody noticing, in whatever way it did.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"cut", "421 4.4.2 timeout", "503 5.5.1 what", "hang"} {
		both(t, way, func(t *testing.T, pipelining bool) {
			var stale atomic.Bool
			s := start(t, &server{pipelining: pipelining, answer: func(verb, _ string) string {
				if verb == "MAIL" && stale.Swap(false) {
					return way
				}
				return ""
			}})
			c := open(t, Config{Addr: s.addr, TLS: TLSNone, Timeout: 200 * time.Millisecond})
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
		})
	}
}

// TestAllGoneStale: the server was started anew, or forgot all connections; one batch notices, by
// itself, and one whose connection had not been of any use yet as well.
func TestAllGoneStale(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, pipelining bool) {
		var stale atomic.Int64
		s := start(t, &server{pipelining: pipelining, answer: func(verb, _ string) string {
			if verb == "MAIL" && stale.Add(-1) >= 0 {
				return "cut"
			}
			return ""
		}})
		c := channel(t, s.addr)
		useless := batch(1)
		useless[0].To = "张三@example.com"
		if got, err := c.Send(t.Context(), useless); err != nil || got[0].Kind != permanent {
			t.Fatalf("%+v, %v", got, err)
		}
		spare, err := c.dialer.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.idle <- spare
		for connections := range 2 {
			stale.Store(1)
			if got, err := c.Send(t.Context(), batch(2)); err != nil || got[0].Kind != accepted || got[1].Kind != accepted {
				t.Errorf("%+v, %v", got, err)
			}
			if s.mu.Lock(); s.connections != 3+connections {
				t.Errorf("%d connections, the second of which may have been stale too", s.connections)
			}
			s.mu.Unlock()
		}
	})
}

// TestServerLimitsMessages: a server that closes after so many messages costs nobody anything.
func TestServerLimitsMessages(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"421 too many messages", "cut"} {
		both(t, way, func(t *testing.T, pipelining bool) {
			var n atomic.Int64
			s := start(t, &server{pipelining: pipelining, answer: func(verb, _ string) string {
				if verb == "MAIL" && n.Add(1)%4 == 0 {
					return way
				}
				return ""
			}})
			got, err := channel(t, s.addr).Send(t.Context(), batch(20))
			if err != nil || slices.ContainsFunc(got, func(o campaign.Outcome) bool { return o.Kind != accepted }) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestHang: a server that says nothing more holds nobody up for longer than the timeouts.
func TestHang(t *testing.T) {
	t.Parallel()
	const timeout = 100 * time.Millisecond
	for _, c := range []struct {
		verb, text string
		want       campaign.OutcomeKind
	}{
		{"RCPT", "hang", temporary},
		{"DATA", "hang", temporary},
		{".", "hang", unknown},
		{".", "keep hang", unknown},
	} {
		both(t, c.verb+" "+c.text, func(t *testing.T, pipelining bool) {
			s := start(t, &server{pipelining: pipelining, answer: at(c.verb, "p1@", c.text)})
			began := time.Now()
			got, err := open(t, Config{Addr: s.addr, TLS: TLSNone, Timeout: timeout}).Send(t.Context(), batch(3))
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Kind != accepted || got[1].Kind != c.want || got[2].Kind != accepted {
				t.Errorf("%+v", got)
			}
			if took := time.Since(began); took < timeout || took > 20*timeout {
				t.Errorf("took %v", took)
			}
		})
	}
	for _, verb := range []string{"CONNECT", "EHLO", "MAIL"} {
		both(t, verb, func(t *testing.T, pipelining bool) {
			s := start(t, &server{pipelining: pipelining, answer: at(verb, "", "hang")})
			_, err := open(t, Config{Addr: s.addr, TLS: TLSNone, Timeout: timeout}).Send(t.Context(), batch(3))
			if !errors.Is(err, campaign.ErrUnreachable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestContextEnds: at once, whatever the server is doing. What was not answered is unknown if its
// end was sent, and has not left otherwise.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb, who string
		want      []campaign.OutcomeKind // nil: an error
	}{
		{"CONNECT", "", nil},
		{"EHLO", "", nil},
		{"MAIL", "", nil},
		{"RCPT", "p0@", nil},
		{"DATA", "p0@", nil},
		{".", "p1@", []campaign.OutcomeKind{accepted, unknown, temporary}},
	} {
		both(t, c.verb, func(t *testing.T, pipelining bool) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := start(t, &server{pipelining: pipelining, answer: func(verb, arg string) string {
				if verb != c.verb || !strings.Contains(arg, c.who) {
					return ""
				}
				cancel()
				return "hang"
			}})
			got, err := open(t, Config{Addr: s.addr, TLS: TLSNone, Timeout: time.Hour}).Send(ctx, batch(3))
			if c.want == nil {
				if !errors.Is(err, campaign.ErrUnreachable) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if got[i].Kind != c.want[i] {
					t.Errorf("message %d: outcome %d, want %d", i, got[i].Kind, c.want[i])
				}
			}
		})
	}
}

// TestServerThatDropsContent: what becomes unknown is lost to sending, so three in a row are enough.
func TestServerThatDropsContent(t *testing.T) {
	t.Parallel()
	both(t, "", func(t *testing.T, pipelining bool) {
		s := start(t, &server{pipelining: pipelining, answer: at(".", "", "cut")})
		got, err := channel(t, s.addr).Send(t.Context(), batch(10))
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range got {
			if want := map[bool]campaign.OutcomeKind{true: unknown, false: temporary}[i < enough]; o.Kind != want {
				t.Errorf("message %d: outcome %d, want %d", i, o.Kind, want)
			}
		}
	})
}

// TestServerTalksTooMuch: when answers and questions no longer match, no answer is believed.
func TestServerTalksTooMuch(t *testing.T) {
	t.Parallel()
	s := start(t, &server{pipelining: true, answer: at(".", "p1@", "250 ok\r\n250 and another thing")})
	got, err := channel(t, s.addr).Send(t.Context(), batch(3))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Kind != accepted || got[1].Kind != unknown || got[2].Kind != accepted || s.reached["p2@example.com"] != 1 {
		t.Errorf("%+v, reached %v", got, s.reached)
	}
}

// TestConcurrentSends share the idle connections and nothing else.
func TestConcurrentSends(t *testing.T) {
	t.Parallel()
	s := start(t, &server{pipelining: true})
	c := channel(t, s.addr)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if got, err := c.Send(t.Context(), batch(20)); err != nil || got[19].Kind != accepted {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.taken()); n != 800 || s.connections > 8 {
		t.Errorf("%d messages over %d connections", n, s.connections)
	}
}

// TestOutcomesAreTrue sends to servers that fail at random and compares what was said with who was
// reached: accepted is once, unknown at most once, anything else never.
func TestOutcomesAreTrue(t *testing.T) {
	t.Parallel()
	answers := map[string][]string{
		"CONNECT": {"421 later", "cut"},
		"MAIL":    {"451 later", "421 bye", "cut", "250 ok then cut", "503 what", "250 ok\r\n250 ok"},
		"RCPT":    {"450 later", "550 5.1.1 nobody", "550 no", "421 bye", "cut", "250 ok then cut", "250 ok\r\n250 ok"},
		"DATA":    {"451 later", "554 no", "354 go on", "354 go on then cut", "421 bye", "cut", "250 what"},
		".":       {"451 later", "554 no", "421 bye", "cut", "keep cut", "250 ok then cut", "what", "hang", "keep hang", "250 ok\r\n550 no"},
		"RSET":    {"502 what", "cut"},
		"LONE":    {"250 ok", "cut", "451 later"},
	}
	const timeout = 30 * time.Millisecond
	for seed := range uint64(45) {
		both(t, fmt.Sprint(seed), func(t *testing.T, pipelining bool) {
			random, share := rand.New(rand.NewPCG(seed, 1)), []float64{0.02, 0.1, 0.3}[seed%3]
			var mu sync.Mutex
			s := start(t, &server{pipelining: pipelining, answer: func(verb, _ string) string {
				mu.Lock()
				defer mu.Unlock()
				if choice := answers[verb]; len(choice) > 0 && random.Float64() < share {
					return choice[random.IntN(len(choice))]
				}
				return ""
			}})
			c := open(t, Config{Addr: s.addr, TLS: TLSNone, Timeout: timeout})
			said := map[string]campaign.OutcomeKind{}
			for round := range 4 {
				list := batch(20)
				for i := range list {
					list[i].To = fmt.Sprintf("r%d.%d@example.com", round, i)
				}
				got, err := c.Send(t.Context(), list)
				if err == nil && len(got) != len(list) {
					t.Fatalf("%d outcomes for %d messages", len(got), len(list))
				}
				for i, m := range list {
					if said[m.To] = temporary; err == nil {
						said[m.To] = got[i].Kind
					}
				}
			}
			c.Close()
			s.mu.Lock()
			defer s.mu.Unlock()
			for to, kind := range said {
				n := s.reached[to]
				if kind == accepted && n != 1 || kind == unknown && n > 1 || kind != accepted && kind != unknown && n > 0 {
					t.Errorf("%s: outcome %d, reached %d times", to, kind, n)
				}
			}
		})
	}
}
