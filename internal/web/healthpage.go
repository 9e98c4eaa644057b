package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// healthPage tells how everything does that the CRM works with.
type healthPage struct {
	Frame
	Tabs    []choiceLink
	URL     string
	Checks  []healthCheck
	Report  health.Report
	Keepers []keeperRow
	Failing []projection.FeedState
	Sync    freshness
}

// healthCheck is one line of the summary.
type healthCheck struct {
	Word  string // health.check.<word>
	State string // good, warn or bad
	Text  string
}

// keeperRow is a job that one process at a time does.
type keeperRow struct {
	health.Keeper
	Job   string // health.job.<job>; empty: one that this page does not know
	Held  bool   // somebody does it now
	Ended time.Time
}

// knownJobs are the leases with a word.
func knownJobs() []string { return []string{"sync", "queries", "tags", "home", "reports"} }

// healthWords are the lines of the summary.
func healthWords() []string {
	return []string{"database", "queue", "workers", "sync", "campaigns", "clicks"}
}

// health shows the page; with htmx what of it changes.
func (w *Web) health(q *request) error {
	r := w.Health.Report(q.ctx())
	for part, err := range map[string]error{"database": r.Database.Err, "queue": r.Queue.Err, "keepers": r.Keepers.Err, "backlog": r.Backlog.Err, "spool": r.Spool.Err, "runs": r.Runs.Err} {
		if err != nil && q.ctx().Err() == nil {
			w.Log.WarnContext(q.ctx(), "web: health", "request", q.id, "part", part, "err", err)
		}
	}
	p := healthPage{Frame: w.plainFrame(q, w.locale(q).T("setting.health"), "settings"), Tabs: w.settingTabs("health"), URL: w.paths.Settings("health"), Report: r}
	state, err := w.Sync.State(q.ctx())
	p.Sync = freshnessOf(state, err, w.Now())
	if err == nil {
		p.Failing, p.Fresh = state.Failing(), p.Sync
	}
	p.Checks = w.healthChecks(w.locale(q), r, p.Sync)
	for _, k := range r.Keepers.Value {
		row := keeperRow{Keeper: k, Held: k.Until.After(w.Now()), Ended: map[string]time.Time{"queries": r.Runs.Value.Queries, "tags": r.Runs.Value.Tags, "home": r.Runs.Value.Figures, "sync": state.LastOKAt()}[k.Name]}
		if slices.Contains(knownJobs(), k.Name) {
			row.Job = k.Name
		}
		p.Keepers = append(p.Keepers, row)
	}
	if q.target() == "health-live" {
		return w.render(q, http.StatusOK, "settinghealth#health-live", p)
	}
	return w.render(q, http.StatusOK, "settinghealth", p)
}

// tardy is how long work may wait for a worker before somebody should look.
const tardy = time.Minute

// healthChecks sum up, the worst of each.
func (w *Web) healthChecks(l *locale, r health.Report, sync freshness) []healthCheck {
	check := func(word, state, key string, args ...any) healthCheck {
		return healthCheck{word, state, l.T(key, args...)}
	}
	out := []healthCheck{check("database", "good", "health.answers", l.Duration(r.Database.Took))}
	if !r.Database.OK() {
		out[0] = check("database", "bad", "health.away")
	}
	if !r.Queue.OK() {
		out = append(out, check("queue", "bad", "health.away"), check("workers", "bad", "health.unknown"))
	} else {
		out = append(out, queueCheck(check, l, r.Queue.Value), workerCheck(check, r.Queue.Value))
	}
	state := map[string]string{"ok": "good", "first": "good", "checking": "good", "late": "warn", "unknown": "bad", "broken": "bad"}[sync.Word]
	text := map[string]string{"ok": "health.sync_ok", "first": "health.sync_first", "checking": "health.sync_ok", "late": "health.sync_late", "unknown": "health.unknown", "broken": "health.sync_broken"}[sync.Word]
	out = append(out, check("sync", state, text))
	if !r.Backlog.OK() {
		return append(out, check("campaigns", "bad", "health.unknown"), check("clicks", "bad", "health.unknown"))
	}
	b := r.Backlog.Value
	sending := check("campaigns", "good", "health.chunks", b.Chunks)
	if b.Stalled > 0 {
		sending = check("campaigns", "warn", "health.stalled", b.Stalled)
	}
	clicks := check("clicks", "good", "health.batches", b.Batches+int64(r.Spool.Value.Waiting))
	if n := b.Refused + int64(r.Spool.Value.Refused); n > 0 {
		clicks = check("clicks", "warn", "health.refused", n)
	} else if !r.Spool.OK() {
		clicks = check("clicks", "bad", "health.spool_away")
	}
	return append(out, sending, clicks)
}

func queueCheck(check func(word, state, key string, args ...any) healthCheck, l *locale, x health.Queue) healthCheck {
	if x.Lag > tardy {
		return check("queue", "warn", "health.lag", x.Pending, l.Duration(x.Lag))
	}
	return check("queue", "good", "health.pending", x.Pending)
}

func workerCheck(check func(word, state, key string, args ...any) healthCheck, x health.Queue) healthCheck {
	if len(x.Workers) == 0 {
		return check("workers", "bad", "health.no_workers")
	}
	busy, of := 0, 0
	for _, p := range x.Workers {
		busy, of = busy+p.Busy, of+p.Of
	}
	return check("workers", "good", "health.working", len(x.Workers), busy, of)
}
