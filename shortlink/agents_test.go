package shortlink

import (
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestAgentsOfTheHost(t *testing.T) {
	t.Parallel()
	const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
	a, err := NewAgents([]string{"Probe 360", "!RobotSchool", "^school-", "checker-end$"})
	if err != nil {
		t.Fatal(err)
	}
	for header, program := range map[string]bool{
		phone:                       false,
		phone + " probe 7 of ours":  true,
		phone + " probe of ours":    false,
		phone + " RobotSchool/2.0":  false,
		phone + " Robot/2.0":        true,
		"school-app/1 " + phone:     true,
		phone + " school-app/1":     false,
		phone + " 1checker-end":     true,
		phone + " checker-end/1 of": true, // by the package's own
		"curl/8.4.0":                true,
	} {
		got := a.Read(header)
		if got.Program != program {
			t.Errorf("%q: program %t", header, got.Program)
		}
		if plain := ReadAgent(header); plain.ID != got.ID || plain.Text != got.Text {
			t.Errorf("%q: %q with patterns, %q without", header, got.Text, plain.Text)
		}
	}
}

func TestAgentPatterns(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", " ", "ab", "!ab", "^ab", "# remark", "?mozilla/", strings.Repeat("x", 101), "课程机器人", "a\tbot", "a\nbot"} {
		if _, err := NewAgents([]string{"examplebot", line}); err == nil || !strings.Contains(err.Error(), "agent pattern") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestAgentVersions(t *testing.T) {
	t.Parallel()
	versions := map[string]string{}
	for name, extra := range map[string][]string{"none": nil, "one": {"abcbot"}, "two": {"abcbot", "defbot"}, "as one": {"abcbot\" \"defbot"}, "person": {"!abcbot"}} {
		a, err := NewAgents(extra)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewAgents(extra)
		if err != nil {
			t.Fatal(err)
		}
		if a.Version() != b.Version() {
			t.Errorf("%s: %s and %s", name, a.Version(), b.Version())
		}
		if other, found := versions[a.Version()]; found {
			t.Errorf("%s has the version of %s", name, other)
		}
		versions[a.Version()] = name
	}
	var zero Agents
	if zero.Version() != RulesVersion() || versions[RulesVersion()] != "none" {
		t.Errorf("the package's are %s, the zero value's %s", RulesVersion(), zero.Version())
	}
}

// TestAgentsRemember: what is remembered is what would be read, under load and beyond the limit.
func TestAgentsRemember(t *testing.T) {
	t.Parallel()
	var a Agents
	people := agentsOf(peopleList)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2 * maxKnown {
				header := people[i%len(people)] + " App/" + strconv.Itoa(g*i)
				if got := a.Read(header); i%97 == 0 && got != ReadAgent(header) {
					t.Errorf("%q: %+v", header, got)
				}
			}
		})
	}
	wg.Wait()
	if n := len(a.known); n == 0 || n > maxKnown {
		t.Errorf("remembers %d", n)
	}
	long := strings.Repeat("Mozilla/5.0 ", 1000)
	if got := a.Read(long); got != ReadAgent(long) {
		t.Errorf("long: %+v", got)
	}
	for header := range a.known {
		if len(header) > maxHeader {
			t.Errorf("remembers %d bytes", len(header))
		}
	}
}

func BenchmarkAgents(b *testing.B) {
	people := agentsOf(peopleList)
	b.Run("known", func(b *testing.B) {
		var a Agents
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			a.Read(people[i%len(people)])
		}
	})
	b.Run("known/parallel", func(b *testing.B) {
		var a Agents
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				a.Read(people[i%len(people)])
			}
		})
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ReadAgent(people[i%len(people)])
		}
	})
}
