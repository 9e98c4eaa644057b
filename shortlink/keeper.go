package shortlink

import (
	"context"
	"errors"
	"log/slog"
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
	// limit of them, and lists the spans of time they lie in for judging. Where somebody else works
	// on the hits just now, it does nothing. It tells whether there are more.
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
	Now    func() time.Time
	Log    *slog.Logger
}

const (
	judgeEvery  = 500 * time.Millisecond // a page that looks every two seconds shows a click within three
	judgeBreath = 10 * time.Millisecond  // between two passes at least
	// A judge that has more to do rests so many times as long as it worked: it takes a fifth of a
	// core at most, also of the database's.
	judgeRest = 4
	// Where hits came fast, most of those that a pass judges are around the listed ones: it takes
	// more of the list then. Otherwise it is short, so that the hits of this second do not wait.
	judgeLeast = 20_000
	judgeMost  = 16 * judgeLeast

	// While more hits wait to be taken in than one pass takes, most of what judging reads are hits
	// that are read again with the next ones: it waits for so long then.
	judgePatience = 10 * time.Second

	tidyEvery = time.Hour
	// Of processes with different rules, as there are while a new version is rolled out, the one that
	// was started last has its way: they do not turn all hits over again and again.
	recallEvery = 24 * time.Hour
	tidyAgain   = time.Minute // after the database was away or busy
	judgeWait   = 5 * time.Second
)

// Run works until ctx ends, and returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	limit := judgeLeast
	var tidy, recall time.Time // when it is due
	var judged time.Time       // when it was last done
	for {
		if !time.Now().Before(tidy) {
			due := !time.Now().Before(recall)
			ok, next := k.tidy(ctx, due)
			if tidy = time.Now().Add(next); due && ok {
				recall = time.Now().Add(recallEvery)
			}
		}
		var rest time.Duration
		limit, rest = k.judge(ctx, limit, &judged)
		timer := time.NewTimer(max(rest, judgeBreath))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// judge makes a pass and tells how much the next may take, and when.
func (k *Keeper) judge(ctx context.Context, limit int, judged *time.Time) (next int, rest time.Duration) {
	began := time.Now()
	_, waiting, errAdmit := k.Docket.Admit(ctx, limit)
	var pass Pass
	var err error
	if !waiting || time.Since(*judged) >= judgePatience {
		pass, err = k.Docket.Judge(ctx, k.Rules, limit)
		*judged = time.Now()
	}
	took := time.Since(began)
	if err := errors.Join(errAdmit, err); err != nil {
		if ctx.Err() == nil {
			k.Log.WarnContext(ctx, "shortlink: hits not taken in and judged, it is tried again", "err", err)
		}
		return judgeLeast, max(judgeWait, judgeRest*took)
	}
	if !pass.More && !waiting {
		return judgeLeast, max(judgeEvery-took, judgeRest*took)
	}
	if pass.Hits > 2*limit {
		return min(2*limit, judgeMost), judgeRest * took
	}
	return max(limit/2, judgeLeast), judgeRest * took
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
	err := errors.Join(recalled, k.Docket.Months(ctx, now, k.Keep), k.Docket.Forget(ctx, now))
	if err == nil {
		return true, tidyEvery
	}
	if ctx.Err() == nil {
		k.Log.WarnContext(ctx, "shortlink: house not kept, it is tried again", "err", err)
	}
	if errors.Is(err, fault.ErrUnavailable) {
		return recalled == nil, tidyAgain
	}
	return recalled == nil, tidyEvery // a right that is missing, say
}
