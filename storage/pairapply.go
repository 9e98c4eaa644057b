package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// deedKey names the pair that a deed belongs to.
type deedKey struct {
	learner  int64
	offering int32
}

// act notes what a new activity adds to a pair.
func (a *applier) act(v projection.Activity, learner int64, offering int32) {
	warmth := funnel.Warmth(v.Type)
	if offering == 0 || warmth == 0 {
		return
	}
	if a.deeds == nil {
		a.deeds = map[deedKey]*deed{}
	}
	d := a.deeds[deedKey{learner, offering}]
	if d == nil {
		d = &deed{learner: learner, offering: offering}
		a.deeds[deedKey{learner, offering}] = d
	}
	at := v.OccurredAt.Truncate(time.Microsecond) // as the database keeps it
	d.heat += funnel.Heat(funnel.Weight(v.Type), at)
	d.warmth += funnel.Heat(warmth, at)
	switch {
	case v.Type == h.ActivityView && at.After(d.viewed):
		d.viewed = at
	case v.Type != h.ActivityView && funnel.Weight(v.Type) > 0 && at.After(d.intended):
		d.intended = at
	}
}

// createLists makes the lists of what a transaction has to compute.
func createLists(ctx context.Context, t *tx) error {
	for _, create := range []func(context.Context, *tx) error{touched.create, whole.create, pairsTouched.create, acted.create} {
		if err := create(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// canonicalKey seeds the lock that whoever writes pairs shares, and whoever changes for which course a
// copy counts has alone: the one must see what the other did, or a pair would stay with the copy. It
// spells "crm_cano".
const canonicalKey int64 = 0x63726d5f63616e6f

// begin takes that lock, and locks the learners that the batch names in one order for all writers.
func (a *applier) begin(ctx context.Context) error {
	if err := lockCanonical(ctx, a.tx, len(a.batch.Offerings) > 0); err != nil {
		return err
	}
	ids := a.learnersNamed()
	if len(ids) == 0 {
		return nil
	}
	if _, err := a.exec(ctx, "SELECT FROM crm_learners WHERE host_id = ANY (?) ORDER BY id FOR NO KEY UPDATE", textArray(ids)); err != nil {
		return fmt.Errorf("lock learners: %w", err)
	}
	return nil
}

func lockCanonical(ctx context.Context, t *tx, alone bool) error {
	shared := "_shared"
	if alone {
		shared = ""
	}
	if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock"+shared+"(hashtextextended(current_schema(), ?))", canonicalKey); err != nil {
		return fmt.Errorf("lock offerings: %w", err)
	}
	return nil
}

// learnersNamed are the host's ids of the learners that a batch is about, each once.
func (a *applier) learnersNamed() []string {
	var ids []string
	b := a.batch
	for _, r := range b.Learners {
		ids = append(ids, string(r.ID))
	}
	for _, r := range b.Orders {
		ids = append(ids, string(r.LearnerID))
	}
	for _, r := range b.Enrollments {
		ids = append(ids, string(r.LearnerID))
	}
	for _, r := range b.Memberships {
		ids = append(ids, string(r.LearnerID))
	}
	for _, r := range b.Activities {
		ids = append(ids, string(r.LearnerID))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// listDeeds lists what new activities add to pairs. A push brings few of them, for which COPY takes
// longer to begin than to do.
func (a *applier) listDeeds(ctx context.Context) error {
	if len(a.deeds) == 0 {
		return nil
	}
	var learners []int64
	var offerings []int32
	var viewed, intended []*time.Time
	var heat, warmth []float64
	for _, d := range a.deeds {
		learners, offerings = append(learners, d.learner), append(offerings, d.offering)
		viewed, intended = append(viewed, timeOrNull(d.viewed)), append(intended, timeOrNull(d.intended))
		heat, warmth = append(heat, d.heat), append(warmth, d.warmth)
	}
	_, err := a.tx.run(ctx, `INSERT INTO crm_in_deeds SELECT * FROM unnest($1::bigint[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::float8[], $6::float8[])`,
		learners, offerings, viewed, intended, heat, warmth)
	if err != nil {
		return fmt.Errorf("list activities: %w", err)
	}
	return nil
}

// timeOrNull maps the zero time to nil.
func timeOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// lockLearners locks all learners of whom anything will be computed, in one order for all writers: facts
// and pairs must not be read before concurrent writers of the same learner are done. It tells of how
// many of them the facts are to be computed.
func lockLearners(ctx context.Context, t *tx) (touched int64, err error) {
	if err := t.NewRaw(`SELECT count(*) FILTER (WHERE touched) FROM (
			SELECT EXISTS (SELECT FROM crm_in_touched i WHERE i.learner_id = l.id) AS touched FROM crm_learners l WHERE l.id = ANY (ARRAY(
				SELECT learner_id FROM crm_in_touched UNION SELECT learner_id FROM crm_in_whole UNION SELECT learner_id FROM crm_in_pairs
				UNION SELECT learner_id FROM crm_in_deeds)) ORDER BY l.id FOR NO KEY UPDATE) l`).Scan(ctx, &touched); err != nil {
		return 0, fmt.Errorf("lock learners: %w", err)
	}
	return touched, nil
}

// pairQueries are the statements that this batch needs.
func (a *applier) pairQueries() []string {
	var out []string
	b := a.batch
	if a.turned {
		out = append(out, wholeSQL)
	}
	if len(b.Orders)+len(b.Enrollments) > 0 {
		out = append(out, touchedSQL)
	}
	if len(a.deeds) > 0 {
		out = append(out, actedSQL)
	}
	return out
}
