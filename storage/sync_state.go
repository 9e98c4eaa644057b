package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
)

type feedRow struct {
	Feed, Walk, Cursor, Failure                        string
	Rows, Total, Mended, Vanished                      int64
	Rate                                               float64
	Walked                                             bool
	StartedAt, CaughtUpAt, LastOkAt, FailedAt, RetryAt bun.NullTime
	Failures                                           int
}

func (r feedRow) state() projection.FeedState {
	return projection.FeedState{
		Feed: projection.Feed(r.Feed), Walk: projection.Walk(r.Walk), Cursor: h.Cursor(r.Cursor),
		Rows: r.Rows, Total: r.Total, Rate: r.Rate, Walked: r.Walked,
		StartedAt: r.StartedAt.Time.UTC(), CaughtUpAt: utc(r.CaughtUpAt), LastOKAt: utc(r.LastOkAt),
		Failures: r.Failures, Failure: projection.Failure(r.Failure), FailedAt: utc(r.FailedAt), RetryAt: utc(r.RetryAt),
		Mended: r.Mended, Vanished: r.Vanished,
	}
}

// utc keeps the zero time zero.
func utc(t bun.NullTime) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// State implements projection.Store.
func (p *Projection) State(ctx context.Context) (projection.State, error) {
	var rows []feedRow
	if err := p.bun.NewRaw("SELECT * FROM crm_sync_feeds").Scan(ctx, &rows); err != nil {
		return projection.State{}, fmt.Errorf("read feeds: %w", translate(err))
	}
	var out projection.State
	if err := p.bun.NewRaw("SELECT count(*) FROM crm_sync_problems").Scan(ctx, &out.Problems); err != nil {
		return out, fmt.Errorf("count problem rows: %w", translate(err))
	}
	byKey := map[[2]string]feedRow{}
	for _, r := range rows {
		byKey[[2]string{r.Feed, r.Walk}] = r
	}
	for _, feed := range projection.Feeds() {
		if r, ok := byKey[[2]string{string(feed), string(projection.Live)}]; ok {
			out.Live = append(out.Live, r.state())
		}
		if r, ok := byKey[[2]string{string(feed), string(projection.Repair)}]; ok {
			out.Repair = append(out.Repair, r.state())
		}
	}
	out.Funnel = byKey[[2]string{string(projection.Funnel), string(projection.Live)}].state()
	out.Facts = byKey[[2]string{string(projection.Facts), string(projection.Live)}].state()
	return out, nil
}

// Failed implements projection.Store.
func (p *Projection) Failed(ctx context.Context, feed projection.Feed, walk projection.Walk, f projection.Failure, now, retryAt time.Time) error {
	_, err := p.bun.NewRaw(`
		INSERT INTO crm_sync_feeds AS s (feed, walk, failures, failure, failed_at, retry_at) VALUES (?, ?, 1, ?, ?, ?)
		ON CONFLICT (feed, walk) DO UPDATE SET failures = s.failures + 1, failure = EXCLUDED.failure,
			failed_at = EXCLUDED.failed_at, retry_at = EXCLUDED.retry_at`,
		string(feed), string(walk), string(f), now, retryAt).Exec(ctx)
	return translate(err)
}

// Rewind implements projection.Store.
func (p *Projection) Rewind(ctx context.Context, feed projection.Feed, walk projection.Walk) error {
	_, err := p.bun.NewRaw("UPDATE crm_sync_feeds SET cursor = '', rows = 0 WHERE feed = ? AND walk = ?",
		string(feed), string(walk)).Exec(ctx)
	return translate(err)
}

// Problems implements projection.Store.
func (p *Projection) Problems(ctx context.Context, now time.Time, limit int) ([]projection.Problem, error) {
	var rows []struct {
		Feed, HostID, Reason, LearnerHostID string
		Payload                             []byte
		UpdatedAt                           bun.NullTime
	}
	err := p.bun.NewRaw(`SELECT feed, host_id, reason, learner_host_id, payload, updated_at FROM crm_sync_problems
		WHERE last_at + least(power(2, least(tries, 12)), 3600) * interval '1 second' <= ? ORDER BY last_at LIMIT ?`, now, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]projection.Problem, len(rows))
	for i, r := range rows {
		out[i] = projection.Problem{Feed: projection.Feed(r.Feed), HostID: r.HostID,
			Reason: projection.Reason(r.Reason), Payload: r.Payload, At: utc(r.UpdatedAt), Learner: h.LearnerID(r.LearnerHostID)}
	}
	return out, nil
}

// ProblemRows implements projection.Reading.
func (p *Projection) ProblemRows(ctx context.Context, after string, limit int) ([]projection.ProblemRow, string, error) {
	key := struct {
		At   time.Time `json:"t"`
		Feed string    `json:"f"`
		ID   string    `json:"i"`
	}{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	var rows []struct {
		Feed, HostID, Reason string
		Tries                int
		FirstAt, LastAt      time.Time
	}
	err := p.bun.NewRaw(`SELECT feed, host_id, reason, tries, first_at, last_at FROM crm_sync_problems
		WHERE (first_at, feed, host_id) < (?, ?, ?) ORDER BY first_at DESC, feed DESC, host_id DESC LIMIT ?`,
		key.At, key.Feed, key.ID, limit+1).Scan(ctx, &rows)
	if err != nil {
		return nil, "", translate(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		key.At, key.Feed, key.ID = last.FirstAt, last.Feed, last.HostID
		next = encodeCursor(key)
	}
	out := make([]projection.ProblemRow, len(rows))
	for i, r := range rows {
		out[i] = projection.ProblemRow{Feed: projection.Feed(r.Feed), HostID: r.HostID, Reason: projection.Reason(r.Reason),
			Tries: r.Tries, FirstAt: r.FirstAt.UTC(), LastAt: r.LastAt.UTC()}
	}
	return out, next, nil
}
