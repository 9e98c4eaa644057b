package storage

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// Projection implements projection.Store.
type Projection struct {
	*DB
	Currency string         // ISO 4217; orders in another currency count, but their money is not added up
	Location *time.Location // the site's zone, by whose days funnels count; nil: UTC
	// SkipFunnel leaves out where learners stand with offerings and what they are interested in. It
	// is there to measure what keeping these costs.
	SkipFunnel bool

	known idCache // filled by the first sync only
	words wordCache
}

// Apply implements projection.Store: rows, facts and cursor in one transaction. It retries when
// PostgreSQL broke a deadlock with a concurrent push.
func (p *Projection) Apply(ctx context.Context, b projection.Batch) (projection.Applied, error) {
	var out projection.Applied
	if !b.SkipFacts {
		p.known.forget()
	}
	tries := 0
	fresh := p.words.unknown(wordsOf(&b))
	err := p.retryTx(ctx, func(t *tx) error {
		a := &applier{tx: t, batch: &b, currency: p.Currency, zone: p.Location, skipFunnel: p.SkipFunnel || b.SkipFacts, known: &p.known, again: tries > 0}
		tries++
		if err := a.run(ctx); err != nil {
			return err
		}
		out = a.applied
		return saveWords(ctx, t, fresh)
	})
	if err == nil {
		p.words.remember(fresh)
	}
	return out, err
}

// retryTx runs fn in a transaction, again when it lost a deadlock or a serialisation: after a while of
// chance, or it would meet the same others in the same order.
func (d *DB) retryTx(ctx context.Context, fn func(*tx) error) error {
	for try := 0; ; try++ {
		err := d.inTx(ctx, fn)
		if err == nil || try == 6 || !isRetryable(err) || ctx.Err() != nil {
			return err
		}
		pause := time.NewTimer(rand.N(10 * time.Millisecond << try)) //nolint:gosec // no secret
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// applier applies one batch in one transaction.
type applier struct {
	*tx
	batch    *projection.Batch
	currency string
	applied  projection.Applied
	problems []projection.Problem // found here: the batch itself is not changed, it may be tried again
	known    *idCache
	again    bool // a try before this one met rows that were there already

	zone       *time.Location
	skipFunnel bool
	turned     bool              // accounts are deleted, or are back
	deeds      map[deedKey]*deed // what new activities add to pairs
}

func (a *applier) run(ctx context.Context) error {
	if err := a.step(ctx); err != nil {
		return err
	}
	if err := createLists(ctx, a.tx); err != nil {
		return err
	}
	if !a.batch.SkipFacts {
		if err := a.begin(ctx); err != nil {
			return err
		}
	}
	steps := []func(context.Context) error{
		a.offerings, a.learners, a.orders, a.enrollments, a.memberships, a.activities,
		a.saveProblems, a.seen,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if a.batch.SkipFacts {
		return nil
	}
	if a.skipFunnel {
		_, err := refreshFacts(ctx, a.tx, a.currency, a.batch.Now)
		return err
	}
	if err := a.listDeeds(ctx); err != nil {
		return err
	}
	n, err := lockLearners(ctx, a.tx)
	if err != nil {
		return err
	}
	if n > 0 {
		if err := computeFacts(ctx, a.tx, a.currency, a.batch.Now); err != nil {
			return err
		}
	}
	return refreshPairs(ctx, a.tx, a.currency, a.zone, a.batch.Now, a.pairQueries()...)
}

// step moves the cursor first: it locks the feed's row, so that of two processes with the same
// page one waits and then finds the cursor elsewhere.
func (a *applier) step(ctx context.Context) error {
	s := a.batch.Step
	if s == nil {
		return nil
	}
	if _, err := a.exec(ctx, "INSERT INTO crm_sync_feeds (feed, walk) VALUES (?, ?) ON CONFLICT DO NOTHING",
		string(s.Feed), string(s.Walk)); err != nil {
		return err
	}
	n, err := a.exec(ctx, `
		UPDATE crm_sync_feeds SET cursor = ?, rows = rows + ?, total = CASE WHEN ? THEN rows + ? ELSE ? END, rate = ?,
			started_at = coalesce(started_at, now()), last_ok_at = ?, failures = 0, failure = '', retry_at = NULL,
			walked = walked OR (walk = 'repair' AND ?),
			caught_up_at = CASE WHEN walk = 'live' AND ? THEN coalesce(caught_up_at, ?) ELSE caught_up_at END
		WHERE feed = ? AND walk = ? AND cursor = ?`,
		string(s.To), s.Read, s.CaughtUp, s.Read, s.Total, s.Rate, a.batch.Now, s.CaughtUp, s.CaughtUp, a.batch.Now,
		string(s.Feed), string(s.Walk), string(s.From))
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("move cursor of %s: %w", s.Feed, fault.ErrConflict)
	}
	return nil
}

// saveProblems files rows that were not taken and forgets problems of rows that now were.
func (a *applier) saveProblems(ctx context.Context) error {
	var any bool
	if err := a.NewRaw("SELECT EXISTS (SELECT FROM crm_sync_problems)").Scan(ctx, &any); err != nil {
		return err
	}
	if any {
		still := map[string]bool{}
		for _, p := range a.problems {
			still[string(p.Feed)+p.HostID] = true
		}
		for feed, rows := range a.batchRows() {
			rows = slices.DeleteFunc(rows, func(r rowKey) bool { return still[string(feed)+r.id] })
			ids, times := make([]string, len(rows)), make([]string, len(rows))
			for i, r := range rows {
				ids[i], times[i] = r.id, r.at.UTC().Format(time.RFC3339Nano)
			}
			// What was taken may be older than the row that waits.
			if _, err := a.exec(ctx, `DELETE FROM crm_sync_problems p USING unnest(?::text[], ?::timestamptz[]) r (id, at)
				WHERE p.feed = ? AND p.host_id = r.id AND (p.updated_at IS NULL OR p.updated_at <= r.at)`, textArray(ids), textArray(times), string(feed)); err != nil {
				return err
			}
		}
	}
	return a.fileProblems(ctx, append(slices.Clone(a.problems), a.batch.Problems...))
}

var problemStage = stage[projection.Problem]{
	name:    "crm_in_problems",
	columns: []column{{"feed", "text"}, {"host_id", "text"}, {"reason", "text"}, {"payload", "bytea"}, {"updated_at", "timestamptz"}, {"learner_host_id", "text"}},
	values: func(p projection.Problem) ([]any, error) {
		return []any{string(p.Feed), p.HostID, string(p.Reason), p.Payload, orNull(p.At), string(p.Learner)}, nil
	},
}

// fileProblems lists rows that were not taken.
func (a *applier) fileProblems(ctx context.Context, list []projection.Problem) error {
	list = latest(list, func(p projection.Problem) string { return string(p.Feed) + p.HostID }, func(p projection.Problem) time.Time { return p.At })
	if len(list) == 0 {
		return nil
	}
	if err := problemStage.fill(ctx, a.tx, list); err != nil {
		return err
	}
	_, err := a.exec(ctx, `
		INSERT INTO crm_sync_problems AS p (feed, host_id, reason, payload, updated_at, learner_host_id, first_at, last_at)
		SELECT feed, host_id, reason, payload, updated_at, learner_host_id, ?, ? FROM crm_in_problems ORDER BY feed, host_id
		ON CONFLICT (feed, host_id) DO UPDATE SET reason = EXCLUDED.reason, payload = EXCLUDED.payload, updated_at = EXCLUDED.updated_at,
			learner_host_id = EXCLUDED.learner_host_id, tries = p.tries + 1, last_at = EXCLUDED.last_at
			WHERE p.updated_at IS NULL OR EXCLUDED.updated_at >= p.updated_at`, a.batch.Now, a.batch.Now)
	if err != nil {
		return fmt.Errorf("file problem rows: %w", err)
	}
	a.applied.Problems = len(list)
	return nil
}

// seen notes what a repair walk has met, sound or not, and counts what it mended.
func (a *applier) seen(ctx context.Context) error {
	walk := cmp.Or(a.batch.Step, a.batch.Of)
	if walk == nil || walk.Walk != projection.Repair {
		return nil
	}
	feed := walk.Feed
	var ids []string
	for _, r := range a.batchRows()[feed] {
		ids = append(ids, r.id)
	}
	for _, p := range a.batch.Problems {
		ids = append(ids, p.HostID)
	}
	err := a.copyFrom(ctx, "crm_repair_seen", []string{"feed", "host_id"}, len(ids), func(i int) ([]any, error) {
		return []any{string(feed), ids[i]}, nil
	})
	if err != nil {
		return fmt.Errorf("note rows met by repair: %w", err)
	}
	_, err = a.exec(ctx, "UPDATE crm_sync_feeds SET mended = mended + ? WHERE feed = ? AND walk = 'repair'",
		a.applied.Inserted+a.applied.Updated, string(feed))
	return err
}

// rowKey is a row of the host and how young it is.
type rowKey struct {
	id string
	at time.Time
}

// batchRows lists the batch's sound rows by feed.
func (a *applier) batchRows() map[projection.Feed][]rowKey {
	b, rows := a.batch, map[projection.Feed][]rowKey{}
	add := func(feed projection.Feed, id string, at time.Time) { rows[feed] = append(rows[feed], rowKey{id, at}) }
	for _, r := range b.Offerings {
		add(projection.Offerings, offeringKey(r), r.UpdatedAt)
	}
	for _, r := range b.Learners {
		add(projection.Learners, string(r.ID), r.UpdatedAt)
	}
	for _, r := range b.Orders {
		add(projection.Orders, r.ID, r.UpdatedAt)
	}
	for _, r := range b.Enrollments {
		add(projection.Enrollments, r.ID, r.UpdatedAt)
	}
	for _, r := range b.Memberships {
		add(projection.Memberships, string(r.LearnerID), r.UpdatedAt)
	}
	for _, r := range b.Activities {
		add(projection.Activities, r.EventID, r.OccurredAt)
	}
	return rows
}

func offeringKey(r projection.Offering) string { return projection.OfferingKey(r.Type, r.ID) }

// wrote ends an upsert, of which up are the rows: how many are new, how many are not, and which
// staged rows are of a learner that we do not know. All three come from the statement that wrote the
// rows: somebody else may bring the learner in the next moment, and who looked then would think that
// the row was taken. When all rows were written nobody is looked up, which spares the first sync that.
func wrote(stageName string) string {
	return `SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh), CASE WHEN count(*) < (SELECT count(*) FROM ` + stageName + `) THEN
			ARRAY(SELECT s.host_id FROM ` + stageName + ` s WHERE NOT s.deleted AND NOT EXISTS (SELECT FROM crm_learners l WHERE l.host_id = s.learner_host_id)) END FROM up`
}

// wroteAll ends an upsert of rows that are of no learner.
const wroteAll = "SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh), NULL::text[] FROM up"

// merge runs an upsert that ends in wrote or wroteAll. It gives the rows of unknown learners.
func (a *applier) merge(ctx context.Context, query string, args ...any) ([]string, error) {
	var inserted, updated int
	var unknown []string
	if err := a.NewRaw(query, args...).Scan(ctx, &inserted, &updated, pgdialect.Array(&unknown)); err != nil {
		return nil, err
	}
	a.applied.Inserted += inserted
	a.applied.Updated += updated
	return unknown, nil
}

// waiting files rows of unknown learners.
func waiting[T any](a *applier, unknown []string, feed projection.Feed, rows []T, id func(T) string, row func(T) any) {
	if len(unknown) == 0 {
		return
	}
	lost := make(map[string]bool, len(unknown))
	for _, m := range unknown {
		lost[m] = true
	}
	for _, r := range rows {
		if lost[id(r)] {
			a.problems = append(a.problems, projection.NewProblem(feed, id(r), projection.ReasonUnknownLearner, row(r)))
		}
	}
}
