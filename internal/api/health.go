package api

import (
	"time"

	"github.com/coursecrm/coursecrm/crm/health"
)

func (a *API) healthOperations() []operation {
	return under("Health",
		get("get-health", "/health", "How everything does that the CRM works with.", a.healthGet).needs(settings).
			more("What does not answer within three seconds is absent; get-sync tells of the sync."),
	)
}

// healthView is how everything does. What did not answer is absent.
type healthView struct {
	At       time.Time     `json:"at"`
	Working  bool          `json:"working" doc:"Both servers answer, and somebody takes work."`
	Database *databaseView `json:"database,omitempty"`
	Queue    *queueView    `json:"queue,omitempty"`
	Keepers  []keeperView  `json:"keepers,omitempty" doc:"Jobs that one process at a time does."`
	Backlog  *backlogView  `json:"backlog,omitempty" doc:"What waits in the database."`
	Spool    *spoolView    `json:"spool,omitempty" doc:"What waits on the disk of the process that answers."`
	Runs     *runsView     `json:"runs,omitempty" doc:"When jobs last ended well."`
}

type databaseView struct {
	Version  string `json:"version"`
	Size     int64  `json:"size" doc:"Bytes."`
	Sessions int    `json:"sessions" doc:"Of all programs."`
	OldestMS int64  `json:"oldest_ms" doc:"How long the longest transaction runs."`
	TookMS   int64  `json:"took_ms" doc:"The answer."`
}

type queueView struct {
	Pending  int          `json:"pending" doc:"Waits for a worker."`
	Active   int          `json:"active"`
	Archived int          `json:"archived" doc:"Given up by the queue; it is done again."`
	LagMS    int64        `json:"lag_ms" doc:"How long the first has waited."`
	Workers  []workerView `json:"workers"`
	TookMS   int64        `json:"took_ms"`
}

type workerView struct {
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Busy    int       `json:"busy"`
	Of      int       `json:"of" doc:"How much it can do at once."`
	Started time.Time `json:"started,omitzero"`
}

type keeperView struct {
	Name  string    `json:"name"`
	Owner string    `json:"owner" doc:"The process that did it last."`
	Until time.Time `json:"until,omitzero" doc:"Past: nobody does it just now."`
}

type backlogView struct {
	Chunks  int64 `json:"chunks" doc:"Pieces of campaigns that are due and that nobody works on."`
	Stalled int64 `json:"stalled" doc:"Campaigns that stand still for a reason that nobody chose."`
	Batches int64 `json:"batches" doc:"Of clicks, not taken in yet."`
	Refused int64 `json:"refused" doc:"Batches of clicks that can never be."`
	Spans   int64 `json:"spans" doc:"Of time whose clicks wait for judgement."`
	Facts   int64 `json:"facts" doc:"People whose facts wait to be computed."`
}

type spoolView struct {
	Waiting int `json:"waiting" doc:"Batches of clicks."`
	Refused int `json:"refused"`
}

type runsView struct {
	Queries time.Time `json:"queries,omitzero"`
	Tags    time.Time `json:"tags,omitzero"`
	Figures time.Time `json:"figures,omitzero"`
}

func (a *API) healthGet(c *call, _ *nothing) (healthView, error) {
	r := a.Health.Report(c)
	for part, err := range map[string]error{"database": r.Database.Err, "queue": r.Queue.Err, "keepers": r.Keepers.Err, "backlog": r.Backlog.Err, "spool": r.Spool.Err, "runs": r.Runs.Err} {
		if err != nil && c.Err() == nil {
			a.Log.WarnContext(c, "api: health", "request", c.id, "part", part, "err", err)
		}
	}
	v := healthView{At: r.At, Working: r.Working()}
	if x := r.Database.Value; r.Database.OK() {
		v.Database = &databaseView{x.Version, x.Size, x.Sessions, x.Oldest.Milliseconds(), r.Database.Took.Milliseconds()}
	}
	if x := r.Queue.Value; r.Queue.OK() {
		v.Queue = &queueView{x.Pending, x.Active, x.Archived, x.Lag.Milliseconds(),
			each(x.Workers, func(w health.Worker) workerView { return workerView(w) }), r.Queue.Took.Milliseconds()}
	}
	if r.Keepers.OK() {
		v.Keepers = each(r.Keepers.Value, func(k health.Keeper) keeperView { return keeperView(k) })
	}
	if x := backlogView(r.Backlog.Value); r.Backlog.OK() {
		v.Backlog = &x
	}
	if x := spoolView(r.Spool.Value); r.Spool.OK() {
		v.Spool = &x
	}
	if x := runsView(r.Runs.Value); r.Runs.OK() {
		v.Runs = &x
	}
	return v, nil
}
