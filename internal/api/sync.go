package api

import (
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/projection"
)

func (a *API) syncOperations() []operation {
	return under("Sync",
		get("get-sync", "/sync", "Where the sync with the host stands.", a.syncGet),
		get("list-sync-problems", "/sync/problems", "Rows of the host that could not be taken, the latest first.", a.syncProblems).needs(settings),
		post("repair-sync", "/sync/repair", settings, "Begins a full pass over the host's data; one under way goes on.", a.syncRepair),
	)
}

// syncView is where the sync stands.
type syncView struct {
	FirstDone bool       `json:"first_done" doc:"The first sync is over."`
	Progress  float64    `json:"progress" doc:"Of the first sync, 0 to 1."`
	LeftMS    int64      `json:"left_ms" doc:"Of the first sync; 0: it cannot be told."`
	LastOKAt  time.Time  `json:"last_ok_at,omitzero" doc:"Nothing shown is older."`
	Repairing bool       `json:"repairing"`
	Live      []feedView `json:"live"`
	Repair    []feedView `json:"repair" doc:"Of the running or the last pass."`
	Problems  int64      `json:"problems" doc:"Rows waiting for another try."`
}

// feedView is where a walk over a feed stands.
type feedView struct {
	Feed       projection.Feed    `json:"feed"`
	Rows       int64              `json:"rows"`
	Total      int64              `json:"total" doc:"About how many there are; 0: not known."`
	Rate       float64            `json:"rate" doc:"Rows per second."`
	StartedAt  time.Time          `json:"started_at,omitzero"`
	CaughtUpAt time.Time          `json:"caught_up_at,omitzero"`
	LastOKAt   time.Time          `json:"last_ok_at,omitzero"`
	Failures   int                `json:"failures" doc:"In a row."`
	Failure    projection.Failure `json:"failure,omitempty" doc:"Of the last try."`
	FailedAt   time.Time          `json:"failed_at,omitzero"`
	RetryAt    time.Time          `json:"retry_at,omitzero"`
	Mended     int64              `json:"mended" doc:"Repair: rows that differed from the host."`
	Vanished   int64              `json:"vanished" doc:"Repair: rows that the host no longer has."`
}

func feedOf(f projection.FeedState) feedView {
	return feedView{f.Feed, f.Rows, f.Total, f.Rate, f.StartedAt, f.CaughtUpAt, f.LastOKAt, f.Failures, f.Failure, f.FailedAt, f.RetryAt, f.Mended, f.Vanished}
}

func (a *API) syncGet(c *call, _ *nothing) (syncView, error) {
	s, err := a.Sync.State(c)
	share, left := s.Progress()
	return syncView{s.FirstDone(), share, left.Milliseconds(), s.LastOKAt(), s.RepairRunning(), each(s.Live, feedOf), each(s.Repair, feedOf), s.Problems}, err
}

// problemView is a row of the host that could not be taken, without its content.
type problemView struct {
	Feed    projection.Feed   `json:"feed"`
	HostID  string            `json:"host_id"`
	Reason  projection.Reason `json:"reason" doc:"The field and what is wrong with it."`
	Tries   int               `json:"tries"`
	FirstAt time.Time         `json:"first_at"`
	LastAt  time.Time         `json:"last_at"`
}

func (a *API) syncProblems(c *call, in *Paging) (page[problemView], error) {
	rows, next, err := a.Sync.Problems(c, in.After, in.Limit)
	return pageOf(rows, next, func(p projection.ProblemRow) problemView { return problemView(p) }), err
}

func (a *API) syncRepair(c *call, _ *nothing) (nothing, error) {
	if err := c.record(audit.RepairAsked, "sync", nil); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Sync.StartRepair(c)
}
