package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// planning compares freezing an audience with copying the very rows it leaves.
func (s *audience) planning(ctx context.Context, b *bench) error {
	conn, release, err := raw(ctx, s.pool)
	if err != nil {
		return err
	}
	defer release()
	planner := campaign.NewSender(campaign.SenderConfig{Ledger: s.stores, Segments: s.segments, Codes: s.codes, Settings: settings(),
		Owner: "bench", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	n := b.people()
	var ours, reference []time.Duration
	for range mailRounds {
		id, err := s.launch(ctx, 0, n, 7)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
			return err
		}
		began := time.Now()
		if err := planner.Do(ctx, campaign.Work{Campaign: id, Chunk: campaign.PlanChunk}); err != nil {
			return err
		}
		ours = append(ours, time.Since(began))
		var planned int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM crm_deliveries WHERE campaign_id = $1 AND state = 'queued'", int64(id)).Scan(&planned); err != nil {
			return err
		}
		if planned != n {
			return fmt.Errorf("%d of %d people are planned", planned, n)
		}
		var rows bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &rows, fmt.Sprintf(`COPY (SELECT -campaign_id, ordinal, learner_id, chunk, state, reason, direct
			FROM crm_deliveries WHERE campaign_id = %d ORDER BY ordinal) TO STDOUT (FORMAT binary)`, id)); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
			return err
		}
		began = time.Now()
		if _, err := conn.PgConn().CopyFrom(ctx, &rows, "COPY crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, direct) FROM STDIN (FORMAT binary)"); err != nil {
			return err
		}
		reference = append(reference, time.Since(began))
		// Nothing of this is to be sent, and nothing is to be in the way of what is.
		for _, query := range []string{"TRUNCATE crm_deliveries", "DELETE FROM crm_chunks", "UPDATE crm_campaigns SET state = 'done', done_at = now()"} {
			if _, err := conn.Exec(ctx, query); err != nil {
				return err
			}
		}
	}
	b.atLeast("planning an audience / COPY of its rows", float64(n)/median(ours), float64(n)/median(reference), "rows/s", 0.5)
	return nil
}
