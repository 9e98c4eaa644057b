package shortlink

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// midday is when the hits of these tests begin.
var midday = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// sight is a hit: a person's on link 10 of campaign 1, which has links 10 and 11 and the trap 19,
// unless it is said otherwise.
func sight(after time.Duration, changes ...func(*Seen)) Seen {
	s := Seen{Hit: Hit{ID: int64(after) + 1, At: midday.Add(after), Link: 10, Campaign: 1, Ordinal: 5, Agent: 7, Network: "203.0.113.0/24", Visitor: 3}, Links: 2}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func onLink(link LinkID) func(*Seen)     { return func(s *Seen) { s.Link, s.Trap = link, link == 19 } }
func byPerson(ordinal int64) func(*Seen) { return func(s *Seen) { s.Ordinal = ordinal } }
func fromNet(network string) func(*Seen) { return func(s *Seen) { s.Network = network } }
func byVisitor(v int64) func(*Seen)      { return func(s *Seen) { s.Visitor = v } }
func withAgent(a AgentID) func(*Seen)    { return func(s *Seen) { s.Agent = a } }
func ofLinks(n int) func(*Seen)          { return func(s *Seen) { s.Links = n } }
func onPoster(s *Seen)                   { s.Campaign, s.Ordinal, s.Link, s.Links = 0, 0, 90, 0 }
func asHead(s *Seen)                     { s.Head = true }
func lookingAhead(s *Seen)               { s.Ahead = true }
func asProgram(s *Seen)                  { s.Program = true }
func tookAt(d time.Duration) func(*Seen) { return func(s *Seen) { s.Delivered = midday.Add(d) } }
func withID(n int64) func(*Seen)         { return func(s *Seen) { s.ID = n } }
func crowdOf(n int, apart time.Duration, changes ...func(*Seen)) (out []Seen) {
	for i := range n {
		out = append(out, sight(time.Duration(i)*apart, append([]func(*Seen){byPerson(int64(i)), byVisitor(int64(i + 1))}, changes...)...))
	}
	return out
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const s, µs = time.Second, time.Microsecond
	other := "198.51.100.0/24"
	for _, c := range []struct {
		name string
		seen []Seen
		want string // the reasons, a dash for a person
	}{
		{"nothing", nil, ""},
		{"a person", []Seen{sight(0)}, "-"},
		{"alone", []Seen{sight(0, asHead), sight(0, withAgent(0), withID(2)), sight(0, asProgram, withID(3)), sight(0, lookingAhead, withID(4))}, "head no_agent agent prefetch"},
		{"the first that holds", []Seen{sight(0, asHead, withAgent(0), asProgram, lookingAhead, onLink(19)), sight(0, asProgram, lookingAhead, withID(2), byPerson(6)), sight(0, withAgent(0), onLink(19), withID(3), byPerson(7))}, "head agent no_agent"},

		{"a thumb", []Seen{sight(0), sight(s), sight(3 * s)}, "- repeat repeat"},
		{"to the end", []Seen{sight(0), sight(10 * s)}, "- repeat"},
		{"past the end", []Seen{sight(0), sight(10*s + µs)}, "- -"},
		{"a chain", []Seen{sight(0), sight(8 * s), sight(16 * s), sight(24 * s), sight(35 * s)}, "- repeat repeat repeat -"},
		{"backwards", []Seen{sight(16 * s), sight(8 * s), sight(0)}, "repeat repeat -"},
		{"in one instant", []Seen{sight(0, withID(9)), sight(0, withID(-4))}, "repeat -"},
		{"the same hit", []Seen{sight(0), sight(0), sight(s), sight(s)}, "- - repeat repeat"},
		{"another link", []Seen{sight(0, ofLinks(3)), sight(s, onLink(11), ofLinks(3))}, "- -"},
		{"another recipient", []Seen{sight(0), sight(s, byPerson(6))}, "- -"},
		{"a link passed on", []Seen{sight(0), sight(s, byVisitor(4), fromNet(other), withAgent(8))}, "- repeat"},
		{"a machine's is not repeated", []Seen{sight(0, asProgram), sight(s), sight(2 * s)}, "agent - repeat"},
		{"a look ahead is not repeated", []Seen{sight(0, lookingAhead), sight(s)}, "prefetch -"},
		{"a poster", []Seen{sight(0, onPoster), sight(s, onPoster), sight(2*s, onPoster, byVisitor(4)), sight(3*s, onPoster, withAgent(8)), sight(4*s, onPoster)}, "- repeat - - repeat"},
		{"a poster, nobody known", []Seen{sight(0, onPoster, byVisitor(0)), sight(s, onPoster, byVisitor(0))}, "- -"},

		{"the trap", []Seen{sight(0, onLink(19))}, "trap"},
		{"along with the trap", []Seen{sight(0), sight(10*s, onLink(19)), sight(20*s, onLink(11))}, "trap trap trap"},
		{"too far from the trap", []Seen{sight(0), sight(10*s+µs, onLink(19)), sight(20*s+2*µs, onLink(11))}, "- trap -"},
		{"another's trap", []Seen{sight(0), sight(s, onLink(19), byPerson(6))}, "- trap"},
		{"a gateway and a person", []Seen{sight(0, onLink(19), byVisitor(4), fromNet(other)), sight(s)}, "trap -"},
		{"a gateway of two addresses", []Seen{sight(0, onLink(19), byVisitor(4)), sight(s)}, "trap trap"},
		{"the next day", []Seen{sight(0, onLink(19), byVisitor(4), fromNet("")), sight(s, fromNet("")), sight(s, byVisitor(4), fromNet(""), withID(2))}, "trap - trap"},
		{"not known who", []Seen{sight(0, onLink(19), byVisitor(0)), sight(s, fromNet(other))}, "trap trap"},
		{"not known who comes along", []Seen{sight(0, onLink(19)), sight(s, byVisitor(0), fromNet(other))}, "trap trap"},
		{"a program in the trap", []Seen{sight(0, onLink(19), asProgram), sight(s)}, "agent trap"},
		{"a browser looks into the trap", []Seen{sight(0, onLink(19), lookingAhead), sight(s)}, "prefetch -"},
		{"what came along is not repeated", []Seen{sight(0, onLink(19), byVisitor(4), fromNet(other)), sight(s, byVisitor(4), fromNet(other)), sight(2 * s)}, "trap trap -"},

		{"a burst", crowdOf(10, s/9), strings.Repeat("burst ", 10)},
		{"a slow one", crowdOf(10, s/9+µs), strings.Repeat("- ", 10)},
		{"nine", crowdOf(9, s/100), strings.Repeat("- ", 9)},
		{"nine and one again", append(crowdOf(9, s/100), sight(s/2, byPerson(6))), strings.Repeat("- ", 9) + "repeat"},
		{"not known from where", crowdOf(11, s/100, fromNet("")), strings.Repeat("- ", 11)},
		{"on posters", crowdOf(11, s/100, onPoster), strings.Repeat("- ", 11)},
		{"two programs", slices.Concat(crowdOf(6, s/100), crowdOf(12, s/100, withAgent(8))[6:]), strings.Repeat("- ", 12)},
		{"two campaigns", slices.Concat(crowdOf(5, s/100), crowdOf(5, s/100, func(s *Seen) { s.Campaign, s.Link = 2, 20 })), strings.Repeat("burst ", 10)},
		{"a long one and a late one", append(crowdOf(30, s/10), sight(6*s, byPerson(99))), strings.Repeat("burst ", 30) + "-"},

		{"a sweep", []Seen{sight(0), sight(2*s, onLink(11))}, "sweep sweep"},
		{"no sweep", []Seen{sight(0), sight(2*s+µs, onLink(11))}, "- -"},
		{"not all", []Seen{sight(0, ofLinks(3)), sight(s, onLink(11), ofLinks(3))}, "- -"},
		{"a single link", []Seen{sight(0, ofLinks(1))}, "-"},
		{"again and again", []Seen{sight(0), sight(s), sight(2*s, onLink(11)), sight(4 * s), sight(5 * s)}, "sweep sweep sweep sweep -"},

		{"while it is handed over", []Seen{sight(0, tookAt(s))}, "soon"},
		{"soon", []Seen{sight(3*s-µs, tookAt(0))}, "soon"},
		{"not so soon", []Seen{sight(3*s, tookAt(0))}, "-"},
		{"what was soon is not repeated", []Seen{sight(2*s, tookAt(0)), sight(4*s, tookAt(0))}, "soon -"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := reasonsOf(Judge(c.seen)); got != strings.TrimSpace(c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func reasonsOf(list []Verdict) string {
	var words []string
	for _, v := range list {
		words = append(words, string(v.Reason))
		if v.Reason == NoReason {
			words[len(words)-1] = "-"
		}
	}
	return strings.Join(words, " ")
}

func TestKindOfReasons(t *testing.T) {
	t.Parallel()
	for r, want := range map[Reason]Kind{NoReason: Human, ReasonMethod: Bot, ReasonNoAgent: Bot, ReasonAgent: Bot, ReasonPrefetch: Prefetch,
		ReasonTrap: Bot, ReasonBurst: Bot, ReasonSweep: Bot, ReasonSoon: Bot, ReasonRepeat: Duplicate} {
		if got := r.kind(); got != want {
			t.Errorf("%q is %s, want %s", r, got, want)
		}
	}
}

func ExampleJudge() {
	click := Seen{Hit: Hit{ID: 1, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Link: 10, Campaign: 1, Ordinal: 5, Agent: 7}, Links: 1}
	again := click
	again.ID, again.At = 2, click.At.Add(3*time.Second)
	fmt.Println(Judge([]Seen{click, again}))
	// Output: [{human } {duplicate repeat}]
}
