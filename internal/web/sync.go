package web

import (
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// feedView is a feed's line: what has been read of it, and what went wrong.
type feedView struct {
	projection.FeedState
	Known bool // the total is known
	Share float64
	Done  bool
}

func feedViewOf(fs projection.FeedState) feedView {
	v := feedView{FeedState: fs, Done: !fs.CaughtUpAt.IsZero(), Known: fs.Total > 0}
	total := max(fs.Total, fs.Rows)
	switch {
	case v.Done:
		v.Share = 1
	case total > 0:
		v.Share = float64(fs.Rows) / float64(total)
	}
	return v
}

// feedViews lists the host's feeds and, while the first sync runs, the pass over all facts.
func feedViews(s projection.State) []feedView {
	var out []feedView
	for _, fs := range s.Live {
		out = append(out, feedViewOf(fs))
	}
	if !s.FirstDone() && !s.Facts.StartedAt.IsZero() {
		facts := s.Facts
		facts.Feed = projection.Facts
		out = append(out, feedViewOf(facts))
	}
	return out
}

type syncPage struct {
	Frame
	Card         syncCard
	Repair       []feedView
	Repairing    bool
	MayRepair    bool
	Mended, Gone int64
	Poll         bool
}

func (w *Web) sync(q *request) error {
	state, err := w.Sync.State(q.ctx())
	if err != nil {
		return err
	}
	p := syncPage{Frame: w.menuFrame(q, "sync.title", "sync"), Card: w.syncCard(q, state),
		Repairing: state.RepairRunning(), MayRepair: q.may(hostadapter.PermSettings)}
	p.Fresh = freshnessOf(state, nil, w.Now())
	for _, fs := range state.Repair {
		p.Repair = append(p.Repair, feedViewOf(fs))
		p.Mended, p.Gone = p.Mended+fs.Mended, p.Gone+fs.Vanished
	}
	p.Poll = p.Repairing || (p.Card.First && p.Card.Begun)
	if q.target() == "sync-live" {
		p.Fresh.OOB = true
		status := http.StatusOK
		if !p.Poll {
			status = statusStopPolling
		}
		return w.render(q, status, "sync#sync-live", p)
	}
	return w.render(q, http.StatusOK, "sync", p)
}

func (w *Web) repair(q *request) error {
	if err := w.record(q, audit.RepairAsked, "sync", nil); err != nil {
		return err
	}
	if err := w.Sync.StartRepair(q.ctx()); err != nil {
		return err
	}
	return q.redirect(w.paths.Sync())
}

type problemsPage struct {
	Frame
	Total int64
	Rows  []projection.ProblemRow
	Pager pager
}

// problemsPerPage is how many problem rows a page shows.
const problemsPerPage = 50

func (w *Web) problems(q *request) error {
	after := q.r.URL.Query().Get("after")
	rows, next, err := w.Sync.Problems(q.ctx(), after, problemsPerPage)
	if err != nil {
		return err
	}
	state, err := w.Sync.State(q.ctx())
	if err != nil {
		return err
	}
	p := problemsPage{Frame: w.menuFrame(q, "problems.title", "sync"), Total: state.Problems, Rows: rows}
	p.Fresh = freshnessOf(state, nil, w.Now())
	p.Pager = newPager(after, next, w.paths.Problems(""), w.paths.Problems(next), "problems")
	if q.target() == "problems" {
		return w.render(q, http.StatusOK, "problems#problems", p)
	}
	return w.render(q, http.StatusOK, "problems", p)
}
