package shortlink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// docket is a list in memory. Judging takes its time, and its answers are laid out beforehand.
type docket struct {
	took    time.Duration
	passes  []Pass // the last one again and again
	errs    []error
	limits  []int
	at      []time.Time
	months  []time.Time
	recalls int
	listed  int64
	tidying error
	keep    int
	forgot  int

	admits    int
	waiting   int // so many times there is more to take in
	admitting error
	busy      bool // somebody else takes hits in
}

func (d *docket) Admit(context.Context, int) (int, bool, error) {
	d.admits++
	if d.busy {
		return 0, true, nil
	}
	return d.waiting, d.waiting > 0 && d.admits < d.waiting, d.admitting
}

func (d *docket) Judge(ctx context.Context, _ Rules, limit int) (Pass, error) {
	d.at, d.limits = append(d.at, time.Now()), append(d.limits, limit)
	select {
	case <-time.After(d.took):
	case <-ctx.Done():
		return Pass{}, ctx.Err()
	}
	if n := len(d.at) - 1; n < len(d.errs) && d.errs[n] != nil {
		return Pass{}, d.errs[n]
	}
	return d.passes[min(len(d.at), len(d.passes))-1], nil
}

func (d *docket) Recall(context.Context, Rules) (int64, error) {
	d.recalls++
	n := d.listed
	d.listed = 0
	return n, nil
}

func (d *docket) Months(_ context.Context, now time.Time, keep int) error {
	d.months, d.keep = append(d.months, now), keep
	return d.tidying
}

func (d *docket) Forget(context.Context, time.Time) error {
	d.forgot++
	return nil
}

// keep runs a keeper for so long and gives what it logged.
func keep(t *testing.T, d *docket, during time.Duration) string {
	t.Helper()
	var out bytes.Buffer
	if d.passes == nil {
		d.passes = []Pass{{}}
	}
	k := &Keeper{Docket: d, Rules: Rules{Version: "a"}, Keep: 6, Now: time.Now, Log: slog.New(slog.NewTextHandler(&out, nil))}
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	if err := k.Run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	return out.String()
}

// gaps are the times between passes.
func (d *docket) gaps() (out []time.Duration) {
	for i := range d.at[1:] {
		out = append(out, d.at[i+1].Sub(d.at[i]))
	}
	return out
}

func TestKeeperLooksTwiceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &docket{took: 50 * time.Millisecond}
		log := keep(t, d, 10*time.Second+time.Millisecond)
		if gaps := d.gaps(); len(gaps) != 20 || slices.Max(gaps) != keepEvery || slices.Min(gaps) != keepEvery {
			t.Errorf("passes %v apart", gaps)
		}
		if log != "" || d.recalls != 1 || d.forgot != 1 || len(d.months) != 1 || d.keep != 6 {
			t.Errorf("%d recalls, %d months, %d times forgot, %s", d.recalls, len(d.months), d.forgot, log)
		}
	})
}

// TestKeeperAsksHowLongHitsAreKept: while nobody can tell, nothing is dropped, and it asks again soon.
func TestKeeperAsksHowLongHitsAreKept(t *testing.T) {
	t.Parallel()
	for _, away := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			d, asked := &docket{passes: []Pass{{}}}, 0
			k := &Keeper{Docket: d, Keep: 6, Now: time.Now, Log: slog.New(slog.DiscardHandler), KeepNow: func(context.Context) (int, error) {
				if asked++; away && asked == 1 {
					return 3, fault.ErrUnavailable
				}
				return 24, nil
			}}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if err := k.Run(ctx); err != nil || len(d.months) != 1 || away && d.keep != 0 || !away && d.keep != 24 {
				t.Errorf("away %t: kept for %d, %v", away, d.keep, err)
			}
			if !away {
				return
			}
			ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if err := k.Run(ctx); err != nil || d.keep != 24 {
				t.Errorf("back again: kept for %d, %v", d.keep, err)
			}
		})
	}
}

func TestKeeperWorksAFifthOfItsTime(t *testing.T) {
	t.Parallel()
	for _, took := range []time.Duration{time.Millisecond, 700 * time.Millisecond, 2 * time.Second, 20 * time.Second} {
		for _, more := range []bool{true, false} {
			t.Run(fmt.Sprint(took, more), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					d := &docket{took: took, passes: []Pass{{Hits: 1, More: more}}}
					keep(t, d, 10*time.Minute)
					if busy := time.Duration(len(d.at)) * took; busy > 10*time.Minute/5+took {
						t.Errorf("%d passes of %v in ten minutes", len(d.at), took)
					}
					if more && took < time.Second && d.gaps()[0] >= 5*time.Second {
						t.Errorf("more to do, and passes %v apart", d.gaps()[0])
					}
				})
			})
		}
	}
}

// TestKeeperTakesMoreWhereHitsAreDense: and less again where they are not.
func TestKeeperTakesMoreWhereHitsAreDense(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dense, sparse := Pass{Hits: 1_000_000, More: true}, Pass{Hits: 30_000, More: true}
		d := &docket{took: time.Millisecond, passes: []Pass{sparse, dense, dense, dense, dense, dense, sparse, sparse, dense, {}}}
		keep(t, d, 3*time.Second)
		if want := []int{20_000, 20_000, 40_000, 80_000, 160_000, 320_000, 320_000, 160_000, 80_000, 160_000, 20_000}; !slices.Equal(d.limits[:11], want) {
			t.Errorf("limits %v, want %v", d.limits, want)
		}
	})
}

func TestKeeperKeepsHouseHourly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &docket{listed: 12_345}
		log := keep(t, d, 150*time.Minute)
		if d.recalls != 1 || d.forgot != 3 || len(d.months) != 3 || d.months[2].Sub(d.months[1]) != time.Hour {
			t.Errorf("%d recalls, %d times forgot, months at %v", d.recalls, d.forgot, d.months)
		}
		if strings.Count(log, "\n") != 1 || !strings.Contains(log, "hits=12345") || !strings.Contains(log, "rules=a") {
			t.Errorf("log: %s", log)
		}
	})
}

// TestKeeperDoesNotTakeItsRulesBack: while processes of two versions run, one with other rules has
// its way for a day, and is not turned over hour by hour.
func TestKeeperDoesNotTakeItsRulesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &docket{took: time.Minute}
		keep(t, d, 49*time.Hour)
		if d.recalls != 3 || len(d.months) < 40 {
			t.Errorf("%d recalls in two days, kept house %d times", d.recalls, len(d.months))
		}
	})
}

func TestKeeperTakesInBeforeItJudges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// All is in after 0.6 s, so neither that nor the end falls on one of the half seconds at which it looks.
		d := &docket{took: time.Millisecond, waiting: 60}
		keep(t, d, 1200*time.Millisecond)
		if gaps := d.gaps(); d.admits < 60 || len(gaps) != 1 || gaps[0] != 2*keepEvery {
			t.Errorf("more was waiting, and it took in %d times and judged %v apart", d.admits, gaps)
		}
		d = &docket{waiting: 1_000_000}
		keep(t, d, 3*time.Minute-time.Second)
		if gaps := d.gaps(); len(gaps) != 2 || slices.Max(gaps) > judgePatience+2*keepEvery {
			t.Errorf("hits came too fast for three minutes, and passes were %v apart", gaps)
		}
		d = &docket{admitting: errors.New("batch 7")}
		if log := keep(t, d, time.Minute); !strings.Contains(log, "batch 7") || len(d.at) < 10 {
			t.Errorf("hits that cannot be taken in: %d passes, %s", len(d.at), log)
		}
	})
}

// TestKeeperTakesInWhileItJudges: who looks at a page sees a click that came during a long pass.
func TestKeeperTakesInWhileItJudges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &docket{took: time.Hour}
		if keep(t, d, time.Minute); d.admits < 100 {
			t.Errorf("during a pass of an hour it took hits in %d times a minute", d.admits)
		}
	})
}

// TestKeeperLeavesTakingInToAnother: who is told that there may be more, and got none, does not ask
// without a pause.
func TestKeeperLeavesTakingInToAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &docket{busy: true}
		if keep(t, d, time.Minute); d.admits > 121 {
			t.Errorf("asked %d times in a minute", d.admits)
		}
	})
}

func TestKeeperComesBackAfterErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want int // how often it kept house within the hour
	}{
		"away":     {fmt.Errorf("months: %w", fault.ErrUnavailable), 60},
		"no right": {errors.New("permission denied"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &docket{errs: []error{c.err, c.err}, tidying: c.err}
				log := keep(t, d, time.Hour-time.Second)
				if gaps := d.gaps(); gaps[0] != keepWait || gaps[1] != keepWait || gaps[2] != keepEvery {
					t.Errorf("passes %v apart", gaps[:3])
				}
				if len(d.months) != c.want || d.forgot != c.want || strings.Count(log, "\n") != c.want+2 {
					t.Errorf("kept house %d times, forgot %d times, log:\n%.500s", len(d.months), d.forgot, log)
				}
			})
		})
	}
}

func TestKeeperEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &docket{took: time.Hour}
		began := time.Now()
		log := keep(t, d, time.Minute)
		if took := time.Since(began); took != time.Minute || log != "" {
			t.Errorf("ended after %v, %s", took, log)
		}
	})
}

func TestRulesNameTheirVersion(t *testing.T) {
	t.Parallel()
	plain, err := NewAgents(nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := NewAgents([]string{"examplebot"})
	if err != nil {
		t.Fatal(err)
	}
	a, b := RulesOf(plain), RulesOf(own)
	if a.Version == b.Version || a.Version != RulesOf(plain).Version {
		t.Errorf("versions %q and %q", a.Version, b.Version)
	}
	if a.Agent("examplebot").Program == b.Agent("examplebot").Program && !b.Agent("examplebot").Program {
		t.Error("the host's own pattern is not asked")
	}
	if v := a.Judge([]Seen{{Hit: Hit{Head: true}}}); len(v) != 1 || v[0].Reason != ReasonMethod {
		t.Errorf("judged %v", v)
	}
}
