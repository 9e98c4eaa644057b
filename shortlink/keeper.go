package shortlink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Rules are what hits are judged by.
type Rules struct {
	Version string // another one has every kept hit judged again
	Judge   func([]Seen) []Verdict
	Agent   func(text string) Agent // reads an agent's text again
}

// judgeVersion is part of the rules' version: raise it whenever Judge says something else.
const judgeVersion = "1"

// RulesOf gives the rules of this version of the package with what this reader knows of programs.
func RulesOf(a *Agents) Rules {
	return Rules{Version: a.Version() + " judge-" + judgeVersion, Judge: Judge, Agent: a.Read}
}

// Docket is the list of what there is to judge, and the hits that are kept; storage.Links
// implements it. Any number of processes may use it at once, and each may die at any time.
type Docket interface {
	// Admit takes hits in that were kept and cannot be found yet, those that came first and some
	// limit of them, and lists the spans of time they lie in for judging. It tells whether there are
	// more. Where somebody else takes hits in just now, it does nothing, and there may be more.
	Admit(ctx context.Context, limit int) (hits int, more bool, err error)
	// Judge takes spans of time from the list, those with the newest hits first and up to limit
	// hits of them, and judges the hits in and around them. Where the kept hits are judged by rules
	// of another version, or somebody else judges just now, it does nothing.
	Judge(ctx context.Context, r Rules, limit int) (Pass, error)
	// Recall makes these the rules of all kept hits and lists them all where other rules judged
	// them, or where the rules take an agent for something else than what is kept says. It tells
	// how many it listed.
	Recall(ctx context.Context, r Rules) (int64, error)
	// Months makes a place for the hits of the next months and, where keep is above 0, drops the
	// hits of months that ended more than so many months ago.
	Months(ctx context.Context, now time.Time, keep int) error
	// Forget drops the salts of days past, with which addresses could be told from hashes.
	Forget(ctx context.Context, now time.Time) error
}

// Pass is what a judge did.
type Pass struct {
	Hits    int  // judged
	Changed int  // of them, those that are taken for something else now
	More    bool // is listed
}

// Keeper judges hits soon after they came and keeps house among them. Any number of processes may
// run one; one at a time works.
type Keeper struct {
	Docket Docket
	Rules  Rules
	Keep   int // for how many whole months hits are kept; 0: for ever
	// KeepNow tells what holds instead of Keep where that may change; nil: it does not. While it
	// cannot tell, nothing is dropped.
	KeepNow func(ctx context.Context) (int, error)
	Now     func() time.Time
	Log     *slog.Logger
}

const (
	keepEvery  = 500 * time.Millisecond // a page that looks every two seconds shows a click within three
	keepBreath = 10 * time.Millisecond  // between two passes at least
	// Who has more to do rests so many times as long as it worked: it takes a fifth of a core at
	// most, also of the database's.
	keepRest = 4
	keepWait = 5 * time.Second // after an error

	admitHits = 20_000 // at once: a transaction of a fraction of a second

	// Where hits came fast, most of those that a pass judges are around the listed ones: it takes
	// more of the list then. Otherwise it is short, so that the hits of this second do not wait.
	judgeLeast = 20_000
	judgeMost  = 16 * judgeLeast
	// While hits come faster than they are taken in, most of what judging reads are hits that are
	// read again with the next ones: it waits for so long then.
	judgePatience = time.Minute

	tidyEvery = time.Hour
	// Of processes with different rules, as there are while a new version is rolled out, the one that
	// was started last has its way: they do not turn all hits over again and again.
	recallEvery = 24 * time.Hour
	tidyAgain   = time.Minute // after the database was away or busy
)

// Run works until ctx ends, and returns nil. Taking hits in and judging them do not wait for each
// other: a click can be seen at once also where many are judged again.
func (k *Keeper) Run(ctx context.Context) error {
	var behind atomic.Bool
	var both sync.WaitGroup
	both.Go(func() { k.admitting(ctx, &behind) })
	both.Go(func() { k.judging(ctx, &behind) })
	both.Wait()
	return nil
}

// admitting takes hits in until ctx ends, and says when they come faster than that.
func (k *Keeper) admitting(ctx context.Context, behind *atomic.Bool) {
	for rest := time.Duration(0); sleep(ctx, rest); {
		began := time.Now()
		hits, more, err := k.Docket.Admit(ctx, admitHits)
		took := time.Since(began)
		switch {
		case err != nil:
			k.warn(ctx, "shortlink: hits not taken in, it is tried again", err)
			rest = max(keepWait, keepRest*took)
		case more && hits > 0:
			rest = max(keepBreath, keepRest*took)
		default: // all is in, or somebody else takes it in
			rest = max(keepEvery-took, keepRest*took)
		}
		behind.Store(more)
	}
}

// judging keeps house and judges until ctx ends.
func (k *Keeper) judging(ctx context.Context, behind *atomic.Bool) {
	limit := judgeLeast
	var tidy, recall time.Time // when it is due
	var judged time.Time       // when it was last done
	for rest := time.Duration(0); sleep(ctx, rest); {
		if !time.Now().Before(tidy) {
			due := !time.Now().Before(recall)
			ok, next := k.tidy(ctx, due)
			if tidy = time.Now().Add(next); due && ok {
				recall = time.Now().Add(recallEvery)
			}
		}
		if rest = keepEvery; !behind.Load() || time.Since(judged) >= judgePatience {
			limit, rest = k.judge(ctx, limit)
			judged = time.Now()
		}
	}
}

// judge makes a pass and tells how much the next may take, and when.
func (k *Keeper) judge(ctx context.Context, limit int) (next int, rest time.Duration) {
	began := time.Now()
	pass, err := k.Docket.Judge(ctx, k.Rules, limit)
	took := time.Since(began)
	switch {
	case err != nil:
		k.warn(ctx, "shortlink: hits not judged, it is tried again", err)
		return judgeLeast, max(keepWait, keepRest*took)
	case !pass.More:
		return judgeLeast, max(keepEvery-took, keepRest*took)
	case pass.Hits > 2*limit:
		return min(2*limit, judgeMost), max(keepBreath, keepRest*took)
	}
	return max(limit/2, judgeLeast), max(keepBreath, keepRest*took)
}

func (k *Keeper) warn(ctx context.Context, text string, err error) {
	if ctx.Err() == nil {
		k.Log.WarnContext(ctx, text, "err", err)
	}
}

// sleep reports whether there is time left after so long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// keep is for how many months hits are kept; 0 also where that cannot be told just now.
func (k *Keeper) keep(ctx context.Context) (int, error) {
	if k.KeepNow == nil {
		return k.Keep, nil
	}
	months, err := k.KeepNow(ctx)
	if err != nil {
		return 0, fmt.Errorf("how long hits are kept: %w", err)
	}
	return months, nil
}

// tidy does what is done now and then, tells whether it made its rules those of all hits, if it was
// to, and when to do it again.
func (k *Keeper) tidy(ctx context.Context, recall bool) (bool, time.Duration) {
	var n int64
	var recalled error
	if recall {
		n, recalled = k.Docket.Recall(ctx, k.Rules)
	}
	if n > 0 {
		k.Log.InfoContext(ctx, "shortlink: hits are judged again by new rules", "hits", n, "rules", k.Rules.Version)
	}
	now := k.Now()
	keep, untold := k.keep(ctx)
	err := errors.Join(recalled, untold, k.Docket.Months(ctx, now, keep), k.Docket.Forget(ctx, now))
	if err == nil {
		return true, tidyEvery
	}
	k.warn(ctx, "shortlink: house not kept, it is tried again", err)
	if errors.Is(err, fault.ErrUnavailable) {
		return recalled == nil, tidyAgain
	}
	return recalled == nil, tidyEvery // a right that is missing, say
}
