package shortlink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// shelf is a store of links in memory that can be away or slow, and a Keeping.
type shelf struct {
	mu    sync.Mutex
	links []Link
	hits  []Hit
	asked atomic.Int64
	away  atomic.Bool
	slow  atomic.Bool // does not answer at all
	now   atomic.Int64
}

func (s *shelf) answer(ctx context.Context, is func(Link) bool) (Link, error) {
	s.asked.Add(1)
	if s.slow.Load() {
		<-ctx.Done()
		return Link{}, ctx.Err()
	}
	if s.away.Load() {
		return Link{}, fmt.Errorf("shelf: %w", fault.ErrUnavailable)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		if is(l) {
			return l, nil
		}
	}
	return Link{}, fmt.Errorf("shelf: %w", fault.ErrNotFound)
}

func (s *shelf) Owner(ctx context.Context, key int, n Number) (Link, error) {
	return s.answer(ctx, func(l Link) bool { return l.Key == key && n >= l.First && int64(n-l.First) < l.Count })
}

func (s *shelf) Slug(ctx context.Context, slug string) (Link, error) {
	return s.answer(ctx, func(l Link) bool { return l.Slug == slug })
}

func (s *shelf) Loose(ctx context.Context, target string, _ time.Time) (Link, error) {
	return s.answer(ctx, func(l Link) bool { return l.Kind == LinkTest && l.Target == target })
}

func (s *shelf) Salt(context.Context, time.Time) ([]byte, error) {
	if s.away.Load() {
		return nil, fault.ErrUnavailable
	}
	return []byte("salt"), nil
}

func (s *shelf) Keys(context.Context) ([]Key, error) { return []Key{{Secret: []byte("shelf")}}, nil }

func (s *shelf) Record(h Hit, _ Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits = append(s.hits, h)
}

func (s *shelf) last() Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[len(s.hits)-1]
}

func (s *shelf) change(i int, change func(*Link)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.links[i])
}

func (s *shelf) clock() time.Time       { return time.Unix(0, s.now.Load()) }
func (s *shelf) pass(d time.Duration)   { s.now.Add(int64(d)) }
func (s *shelf) code(n Number) string   { return encodeOn(s, n) }
func (s *shelf) visitor() *http.Request { return visitorOf("GET", phone) }
func (s *shelf) service(t *testing.T) *Service {
	t.Helper()
	ring, err := NewRing(t.Context(), s, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	return NewService(s, ring, &Agents{}, s, Settings{Domains: Domains{"a.example", "b.example"}}, s.clock)
}

func encodeOn(s *shelf, n Number) string {
	keys, _ := s.Keys(context.Background())
	c, err := NewCoder(keys...)
	if err != nil {
		panic(err)
	}
	code, err := c.Encode(0, n)
	if err != nil {
		panic(err)
	}
	return code
}

func visitorOf(method, agent string) *http.Request {
	r := httptest.NewRequest(method, "/go/x?to=https://evil.example/", nil)
	r.Header.Set("User-Agent", agent)
	r.RemoteAddr = "203.0.113.9:4711"
	return r
}

const phone = "Mozilla/5.0 (Linux; Android 13; M2102J2SC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36"

func newShelf() *shelf {
	s := &shelf{links: []Link{
		{ID: 1, Kind: LinkCampaign, Campaign: 7, Target: "https://a.example/1", First: 100, Count: 50},
		{ID: 2, Kind: LinkTrap, Campaign: 7, Target: "https://a.example/1", First: 150, Count: 50},
		{ID: 3, Kind: LinkTest, Target: "https://a.example/1", First: 200, Count: 1},
		{ID: 4, Kind: LinkFree, Target: "https://b.example/", UTM: UTM{Source: "poster"}, Slug: "open-day", First: 201, Count: 1},
	}}
	s.now.Store(time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.UTC).UnixNano())
	return s
}

func TestFollow(t *testing.T) {
	t.Parallel()
	s := newShelf()
	service := s.service(t)
	for _, c := range []struct {
		name, code string
		r          *http.Request
		want       string
		hit        Hit
	}{
		{"recipient", s.code(107), s.visitor(), "https://a.example/1", Hit{Link: 1, Campaign: 7, Ordinal: 7, Kind: Human}},
		{"as a phone writes it", strings.ToUpper(s.code(107)), s.visitor(), "https://a.example/1", Hit{Link: 1, Campaign: 7, Ordinal: 7, Kind: Human}},
		{"headers only", s.code(100), visitorOf("HEAD", phone), "https://a.example/1", Hit{Link: 1, Campaign: 7, Head: true, Kind: Bot, Reason: ReasonMethod}},
		{"program", s.code(149), visitorOf("GET", "curl/8.5"), "https://a.example/1", Hit{Link: 1, Campaign: 7, Ordinal: 49, Kind: Bot, Reason: ReasonAgent}},
		{"trap", s.code(157), s.visitor(), "https://a.example/1", Hit{Link: 2, Campaign: 7, Ordinal: 7, Kind: Bot, Reason: ReasonTrap}},
		{"test", s.code(200), s.visitor(), "https://a.example/1", Hit{Link: 3, Kind: Human}},
		{"poster by its code", s.code(201), s.visitor(), "https://b.example/?utm_source=poster", Hit{Link: 4, Kind: Human}},
		{"poster by its name", "Open-Day", s.visitor(), "https://b.example/?utm_source=poster", Hit{Link: 4, Kind: Human}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := service.Follow(t.Context(), c.code, c.r)
			if err != nil || got != c.want {
				t.Fatalf("leads to %q, %v", got, err)
			}
			h := s.last()
			if h.ID == 0 || !h.At.Equal(s.clock().Truncate(time.Microsecond)) || h.Network != "203.0.113.0/24" || h.Visitor == 0 || h.Agent == 0 {
				t.Errorf("kept %+v", h)
			}
			h.ID, h.At, h.Network, h.Visitor, h.Agent = 0, time.Time{}, "", 0, 0
			if h != c.hit {
				t.Errorf("kept %+v, want %+v", h, c.hit)
			}
		})
	}
	for _, code := range []string{s.code(99), s.code(202), "", "nobody-has-this", "../../../etc", strings.Repeat("a", 9000), "%00", "课程课程"} {
		if to, err := service.Follow(t.Context(), code, s.visitor()); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%.20q leads to %q, %v", code, to, err)
		}
	}
}

func TestLinksThatAreOver(t *testing.T) {
	t.Parallel()
	s := newShelf()
	service := s.service(t)
	s.change(3, func(l *Link) { l.Expires = s.clock().Add(time.Minute) })
	if _, err := service.Follow(t.Context(), "open-day", s.visitor()); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute + time.Microsecond)
	if _, err := service.Follow(t.Context(), "open-day", s.visitor()); !errors.Is(err, ErrOver) {
		t.Errorf("expired: %v", err)
	}
	if len(s.hits) != 1 {
		t.Errorf("%d hits kept for one redirect", len(s.hits))
	}
}

// TestChangesAreSeen: a link that staff change leads to its new place after a few seconds, and one
// that is gone nowhere, however often it is followed.
func TestChangesAreSeen(t *testing.T) {
	t.Parallel()
	s := newShelf()
	service := s.service(t)
	follow := func() string {
		to, err := service.Follow(t.Context(), "open-day", s.visitor())
		if errors.Is(err, fault.ErrNotFound) {
			return "nowhere"
		}
		return to
	}
	if to := follow(); to != "https://b.example/?utm_source=poster" {
		t.Fatal(to)
	}
	s.change(3, func(l *Link) { l.Target = "https://b.example/new" })
	for end := time.Now().Add(10 * time.Second); follow() != "https://b.example/new?utm_source=poster"; s.pass(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still leads to the old place")
		}
	}
	s.change(3, func(l *Link) { l.Slug, l.First = "other", 300 })
	for end := time.Now().Add(10 * time.Second); follow() != "nowhere"; s.pass(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still leads somewhere")
		}
	}
}

// TestLinksWithoutDatabase: links that were followed lately lead on however long the database is
// away; others do not, and are not said to be unknown.
func TestLinksWithoutDatabase(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"away", "slow"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newShelf()
			service := s.service(t)
			if _, err := service.Follow(t.Context(), s.code(107), s.visitor()); err != nil {
				t.Fatal(err)
			}
			s.away.Store(how == "away")
			s.slow.Store(how == "slow")
			for range 3 {
				s.pass(time.Hour)
				began := time.Now()
				for n := range Number(20) {
					if to, err := service.Follow(t.Context(), s.code(100+n), s.visitor()); err != nil || to != "https://a.example/1" {
						t.Fatal(to, err)
					}
				}
				if took := time.Since(began); took > 5*askWithin {
					t.Errorf("20 visitors waited %v", took)
				}
			}
			if _, err := service.Follow(t.Context(), s.code(201), s.visitor()); err == nil || errors.Is(err, fault.ErrNotFound) {
				t.Errorf("a link that nobody knows: %v", err)
			}
		})
	}
}

// TestFollowersAskLittle: a link that many follow at once is asked for once in a while, not for each.
func TestFollowersAskLittle(t *testing.T) {
	t.Parallel()
	s := newShelf()
	service := s.service(t)
	if _, err := service.Follow(t.Context(), s.code(100), s.visitor()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for v := range Number(16) {
		wg.Go(func() {
			for range 200 {
				if _, err := service.Follow(t.Context(), s.code(100+v), s.visitor()); err != nil {
					t.Error(err)
				}
				s.pass(time.Millisecond)
			}
		})
	}
	wg.Wait()
	if n := s.asked.Load(); n > 10 { // 3.2 s have passed
		t.Errorf("asked %d times for 3200 visitors", n)
	}
}

func TestTestLinks(t *testing.T) {
	t.Parallel()
	s := newShelf()
	service := s.service(t)
	if code, err := service.TestLink(t.Context(), "https://a.example/1"); err != nil || code != s.code(200) {
		t.Error(code, err)
	}
	for _, bad := range []string{"https://evil.example/", "javascript:alert(1)", ""} {
		if _, err := service.TestLink(t.Context(), bad); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
