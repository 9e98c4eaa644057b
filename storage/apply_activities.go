package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// activities appends events. An event never changes, so unlike the other rows these need no merge:
// what is there already is left out and the rest is copied straight into the table. Activities are
// most of a first sync, and this is twice as fast as going through a stage.
func (a *applier) activities(ctx context.Context) error {
	rows := latest(a.batch.Activities, func(v projection.Activity) string { return v.EventID },
		func(v projection.Activity) time.Time { return v.OccurredAt })
	if len(rows) == 0 {
		return nil
	}
	learners, err := a.learnerIDs(ctx, rows)
	if err != nil {
		return err
	}
	offerings, err := a.targets(ctx, rows)
	if err != nil {
		return err
	}
	var there map[string]bool
	if !a.batch.SkipFacts || a.again { // the first sync meets events twice only when one was pushed
		if there, err = a.storedActivities(ctx, rows); err != nil {
			return err
		}
	}
	rows = slices.DeleteFunc(rows, func(v projection.Activity) bool {
		if learners[string(v.LearnerID)] == 0 {
			a.problems = append(a.problems, projection.NewProblem(projection.Activities, v.EventID, projection.ReasonUnknownLearner, v))
			return true
		}
		return there[v.EventID]
	})
	columns := []string{"host_id", "learner_id", "type", "target_type", "target_id", "offering_id", "occurred_at"}
	// In one order for all: of two who bring the same, one waits for the other, and never both.
	slices.SortFunc(rows, func(x, y projection.Activity) int { return strings.Compare(x.EventID, y.EventID) })
	err = a.copyFrom(ctx, "crm_activities", columns, len(rows), func(i int) ([]any, error) {
		v := rows[i]
		var offering any
		if o, ok := offerings[v.Target]; ok {
			offering = o.id
		}
		return []any{v.EventID, learners[string(v.LearnerID)], string(v.Type), string(v.Target.Type), v.Target.ID, offering, v.OccurredAt}, nil
	})
	if isDuplicate(err) { // pushed meanwhile: the next try finds it there
		return fmt.Errorf("%w: save activities: %w", fault.ErrUnavailable, errLostRace)
	}
	if err != nil {
		return fmt.Errorf("save activities: %w", err)
	}
	a.applied.Inserted += len(rows)
	if !a.skipFunnel {
		for _, v := range rows {
			a.act(v, learners[string(v.LearnerID)], offerings[v.Target].canonical)
		}
	}
	return nil
}

// learnerIDs maps the host's ids of the activities' learners to ours; who is unknown is absent.
func (a *applier) learnerIDs(ctx context.Context, rows []projection.Activity) (map[string]int64, error) {
	ids := make([]string, len(rows))
	for i, v := range rows {
		ids[i] = string(v.LearnerID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make(map[string]int64, len(ids))
	if a.batch.SkipFacts {
		ids = a.known.lookUp(ids, out)
		defer func() { a.known.remember(out) }()
	}
	found, err := a.QueryContext(ctx, "SELECT host_id, id FROM crm_learners WHERE host_id = ANY (?)", textArray(ids))
	if err != nil {
		return nil, fmt.Errorf("find learners: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var host string
		var id int64
		if err := found.Scan(&host, &id); err != nil {
			return nil, err
		}
		out[host] = id
	}
	return out, found.Err()
}

// target is an offering that activities are about.
type target struct{ id, canonical int32 }

// targets maps every offering; there are hundreds, not millions. Those that the host has not told of
// yet get a row: what happened counts when it does.
func (a *applier) targets(ctx context.Context, rows []projection.Activity) (map[h.Target]target, error) {
	known, err := a.knownTargets(ctx)
	if err != nil {
		return nil, err
	}
	var fresh []projection.Activity
	for _, v := range rows {
		if _, ok := known[v.Target]; !ok && (v.Target.Type == h.TargetCourse || v.Target.Type == h.TargetClassroom) && v.Target.ID != "" {
			known[v.Target] = target{}
			fresh = append(fresh, v)
		}
	}
	if len(fresh) == 0 {
		return known, nil
	}
	if err := targetStage.fill(ctx, a.tx, fresh); err != nil {
		return nil, err
	}
	if err := a.stubOfferings(ctx, targetStage.name); err != nil {
		return nil, err
	}
	return a.knownTargets(ctx)
}

// targetStage carries offerings that only activities know.
var targetStage = stage[projection.Activity]{name: "crm_in_targets", columns: []column{{"target_type", "text"}, {"target_id", "text"}},
	values: func(v projection.Activity) ([]any, error) { return []any{string(v.Target.Type), v.Target.ID}, nil }}

func (a *applier) knownTargets(ctx context.Context) (map[h.Target]target, error) {
	var rows []struct {
		Type, HostID    string
		ID, CanonicalID int32
	}
	if err := a.NewRaw("SELECT type, host_id, id, canonical_id FROM crm_offerings").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("find offerings: %w", err)
	}
	out := make(map[h.Target]target, len(rows))
	for _, r := range rows {
		out[h.Target{Type: h.TargetType(r.Type), ID: r.HostID}] = target{r.ID, r.CanonicalID}
	}
	return out, nil
}

// storedActivities tells which events are there already.
func (a *applier) storedActivities(ctx context.Context, rows []projection.Activity) (map[string]bool, error) {
	ids := make([]string, len(rows))
	for i, v := range rows {
		ids[i] = v.EventID
	}
	var found []string
	if err := a.NewRaw("SELECT host_id FROM crm_activities WHERE host_id = ANY (?)", textArray(ids)).Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("find activities: %w", err)
	}
	out := make(map[string]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}
