package shortlink

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// floods are hits of the sorts that a quadratic step would show with.
func floods(n int) map[string][]Seen {
	out := map[string][]Seen{}
	for i := range n {
		at := time.Duration(i) * time.Minute / time.Duration(n)
		out["one code"] = append(out["one code"], sight(at, withID(int64(i))))
		out["one code in one instant"] = append(out["one code in one instant"], sight(0, withID(int64(i))))
		out["one trap"] = append(out["one trap"], sight(at, withID(int64(i)), onLink([]LinkID{10, 11, 19}[i%3]), byVisitor(int64(i%1000))))
		out["one network"] = append(out["one network"], sight(at, withID(int64(i)), byPerson(int64(i))))
		out["one poster"] = append(out["one poster"], sight(at, withID(int64(i)), onPoster, byVisitor(int64(i%100))))
		out["people"] = append(out["people"], sight(at, withID(int64(i)), byPerson(int64(i*7919%n)), fromNet([]string{"", "a", "b", "c", "d"}[i%5]), byVisitor(int64(i)), tookAt(-time.Hour)))
	}
	return out
}

func TestNoFloodIsSlow(t *testing.T) {
	t.Parallel()
	for name, seen := range floods(50_000) {
		began := time.Now()
		Judge(seen)
		if took := time.Since(began); took > 3*time.Second { // the quadratic ones take minutes, the worst machines a tenth of this
			t.Errorf("%s: %v", name, took)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	for name, seen := range floods(50_000) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Judge(seen)
			}
		})
		mixed := slices.Clone(seen)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
		b.Run(name+" mixed", func(b *testing.B) {
			for b.Loop() {
				Judge(mixed)
			}
		})
	}
}
