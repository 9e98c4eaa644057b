package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/shortlink"
)

// TestJudgedAsIfAtOnce keeps hits in batches, many of them late, and judges in between: in the end
// every hit is what it is among all.
func TestJudgedAsIfAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			d := newDocket(t)
			hits := someHits(random, 1500, []time.Duration{time.Minute, 10 * time.Minute, time.Hour}[seed%3])
			z := sizes{page: []int{3, 50, 20_000}[random.IntN(3)], most: 5000}
			for len(hits) > 0 {
				// What lies together in the list often came together: part of it does not.
				n := min(1+random.IntN(60), len(hits))
				if random.IntN(2) == 0 {
					slices.SortFunc(hits[:min(200, len(hits))], func(a, b shortlink.Hit) int { return a.At.Compare(b.At) })
				}
				d.keep(t, hits[:n]...)
				hits = hits[n:]
				if random.IntN(3) == 0 {
					if _, err := d.judge(t.Context(), testRules, 1+random.IntN(300), z); err != nil {
						t.Fatal(err)
					}
				}
			}
			d.judgeAll(t, testRules)
			d.check(t, shortlink.Judge)
			if n := d.spans(t); n != 0 {
				t.Errorf("%d spans are left", n)
			}
			d.do(t, "INSERT INTO crm_click_spans (from_at, to_at, hits) SELECT min(at), max(at), count(*) FROM crm_clicks")
			if p := d.judgeAll(t, testRules); p.Changed != 0 || p.Hits != len(d.all) {
				t.Errorf("judged once more: %+v of %d", p, len(d.all))
			}
		})
	}
}

// TestLateHitsChangeTheirNeighbours: what waited on a disk for an hour is judged with those around.
func TestLateHitsChangeTheirNeighbours(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, visitAt(time.Minute, 11, 1), visitAt(time.Minute+19*time.Second, 11, 1))
	d.keep(t, visitAt(2*time.Hour, 11, 1))
	if d.judgeAll(t, testRules); kinds(d.verdicts(t)) != "human human human" {
		t.Fatalf("at first: %v", d.verdicts(t))
	}
	d.keep(t, visitAt(time.Minute+9500*time.Millisecond, 11, 1))
	if d.judgeAll(t, testRules); kinds(d.verdicts(t)) != "human duplicate duplicate human" {
		t.Errorf("with one between: %v", d.verdicts(t))
	}
	d.keep(t, visitAt(time.Minute, 19, 1)) // the first two were a machine's: the third is not near enough, and what it repeated is gone
	if d.judgeAll(t, testRules); kinds(d.verdicts(t)) != "bot bot bot human human" {
		t.Errorf("with the trap: %v", d.verdicts(t))
	}
	d.check(t, shortlink.Judge)
}

// TestJudgedWithAllThatMatters: what is as far away as a verdict looks is read, and written.
func TestJudgedWithAllThatMatters(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, c := range map[string]struct {
		before []shortlink.Hit
		late   shortlink.Hit
		want   string
	}{
		"the trap comes last":                     {[]shortlink.Hit{visitAt(0, 11, 1)}, visitAt(10*s, 19, 1), "bot bot"},
		"what was repeated is a machine's now":    {[]shortlink.Hit{visitAt(10*s, 11, 1), visitAt(20*s, 11, 1)}, visitAt(0, 19, 1), "bot bot human"},
		"another comes, with the trap far after":  {[]shortlink.Hit{visitAt(20*s, 11, 1), visitAt(30*s, 19, 1)}, visitAt(0, 11, 3), "human bot bot"},
		"another comes, with the trap far before": {[]shortlink.Hit{visitAt(0, 19, 1), visitAt(10*s, 11, 1), visitAt(20*s, 11, 1)}, visitAt(30*s, 11, 3), "bot bot human human"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDocket(t)
			d.keep(t, c.before...)
			d.judgeAll(t, testRules)
			d.keep(t, c.late)
			if d.judgeAll(t, testRules); kinds(d.verdicts(t)) != c.want {
				t.Errorf("%v, want %s", d.verdicts(t), c.want)
			}
			d.check(t, shortlink.Judge)
		})
	}
}

// TestManyJudgesAtOnce judge while hits come; none errs, and the last one leaves it right.
func TestManyJudgesAtOnce(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	random := rand.New(rand.NewPCG(7, 7))
	hits := someHits(random, 3000, 5*time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	var judges, writers sync.WaitGroup
	var mu sync.Mutex
	busy := 0
	for range 3 {
		other, err := New(pgtest.Open(t))
		if err != nil {
			t.Fatal(err)
		}
		judges.Go(func() {
			for ctx.Err() == nil {
				p, err := (&Links{DB: other}).Judge(context.WithoutCancel(ctx), testRules, 500)
				if err != nil {
					t.Errorf("judge: %v", err)
					return
				}
				mu.Lock()
				if p.Hits > 0 {
					busy++
				}
				mu.Unlock()
			}
		})
	}
	for part := range slices.Chunk(hits, 1000) {
		writers.Go(func() {
			for batch := range slices.Chunk(part, 20) {
				if err := enterNow(t.Context(), d.Links, shortlink.Batch{Hits: batch}); err != nil {
					t.Errorf("keep: %v", err)
				}
			}
		})
	}
	writers.Wait()
	cancel()
	judges.Wait()
	for _, h := range hits {
		d.all = append(d.all, d.seen(h))
	}
	d.judgeAll(t, testRules)
	d.check(t, shortlink.Judge)
	if busy == 0 {
		t.Error("nobody judged meanwhile")
	}
}

// TestDyingJudgesLeaveTheListAsItWas: whether they are told to stop or lose the server.
func TestDyingJudgesLeaveTheListAsItWas(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, someHits(rand.New(rand.NewPCG(1, 1)), 300, time.Hour)...)
	ctx, cancel := context.WithCancel(t.Context())
	for name, die := range map[string]func(){
		"told to stop": cancel,
		"the server is gone": func() {
			d.do(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'idle in transaction'
				AND application_name = current_setting('application_name')`)
		},
	} {
		calls := 0
		r := testRules
		r.Judge = func(seen []shortlink.Seen) []shortlink.Verdict {
			if calls++; calls == 3 {
				die()
			}
			return shortlink.Judge(seen)
		}
		on := t.Context()
		if name == "told to stop" {
			on = ctx
		}
		before, spans := d.verdicts(t), d.spans(t)
		if p, err := d.judge(on, r, 1000, sizes{page: 20, most: 5000}); err == nil || p != (shortlink.Pass{}) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if d.spans(t) != spans || spans == 0 || !slices.Equal(before, d.verdicts(t)) {
			t.Errorf("%s: something is left of it", name)
		}
	}
	d.judgeAll(t, testRules)
	d.check(t, shortlink.Judge)
}
