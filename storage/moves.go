package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Move implements campaign.Store and campaign.Ledger.
func (s *Campaigns) Move(ctx context.Context, id campaign.ID, m campaign.Move, now time.Time) (bool, error) {
	moved := false
	err := s.inTx(ctx, func(t *tx) error {
		from := make([]string, len(m.From))
		for i, st := range m.From {
			from[i] = string(st)
		}
		n, err := t.exec(ctx, `UPDATE crm_campaigns SET state = ?, stalled = ?, stalled_at = CASE WHEN ? <> '' THEN ?::timestamptz END, stalled_until = NULL,
				send_at = coalesce(?, send_at), done_at = CASE WHEN ? THEN ?::timestamptz END
			WHERE id = ? AND state = ANY (?)`,
			string(m.To), string(m.Stall), string(m.Stall), now, orNull(m.SendAt), !m.To.Open(), now, int64(id), textArray(from))
		if err != nil || n == 0 {
			return err
		}
		if m.Again {
			if n, err = again(ctx, t, id); err != nil || n == 0 {
				return errOr(err, errNothingUnknown)
			}
		}
		moved = true
		return wake(ctx, t, id, m)
	})
	if err == errNothingUnknown { //nolint:errorlint // it is ours and goes through no wrapper
		return false, nil
	}
	return moved, err
}

// errNothingUnknown rolls back a move that was to send again what is unknown.
var errNothingUnknown = fmt.Errorf("nothing is unknown")

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// again queues unknown deliveries once more, in doubt, and opens their chunks. Which those are is
// asked once, as an array: a join may read the campaign for each chunk of it.
func again(ctx context.Context, t *tx, id campaign.ID) (int64, error) {
	if _, err := t.exec(ctx, `UPDATE crm_chunks SET done = false, next_at = NULL WHERE campaign_id = ? AND done AND chunk = ANY (ARRAY(
		SELECT DISTINCT chunk FROM crm_deliveries WHERE campaign_id = ? AND state = 'unknown' AND chunk >= 0))`, int64(id), int64(id)); err != nil {
		return 0, err
	}
	return t.exec(ctx, `UPDATE crm_deliveries SET state = 'queued', next_at = NULL, settled_at = NULL
		WHERE campaign_id = ? AND state = 'unknown' AND chunk >= 0`, int64(id))
}

// wake makes chunks due that waited for what has changed.
func wake(ctx context.Context, t *tx, id campaign.ID, m campaign.Move) error {
	query := ""
	switch m.To {
	case campaign.Sending, campaign.Scheduled:
		query = "UPDATE crm_chunks SET next_at = NULL WHERE campaign_id = ? AND NOT done"
	case campaign.Late: // the worker that found it late holds the planning no longer
		query = "UPDATE crm_chunks SET owner = '', until = NULL WHERE campaign_id = ? AND NOT done"
	case campaign.CalledOff: // what was to be planned never is, and what is queued is dropped by workers
		query = "UPDATE crm_chunks SET next_at = NULL, done = done OR chunk < 0 WHERE campaign_id = ?"
	default:
		return nil
	}
	_, err := t.exec(ctx, query, int64(id))
	return err
}

// Drop implements campaign.Ledger.
func (s *Campaigns) Drop(ctx context.Context, c campaign.Claim, now time.Time) error {
	from, to := ordinals(c.Chunk)
	_, err := s.bun.NewRaw(`UPDATE crm_deliveries d SET state = CASE WHEN `+doubt+` THEN 'unknown' ELSE 'cancelled' END,
			reason = CASE WHEN `+doubt+` THEN d.reason ELSE '' END, settled_at = ?
		WHERE campaign_id = ? AND ordinal >= ? AND ordinal < ? AND state = 'queued'
			AND EXISTS (SELECT FROM crm_campaigns WHERE id = ? AND state = 'cancelled')`,
		now, int64(c.Campaign.ID), from, to, int64(c.Campaign.ID)).Exec(ctx)
	return translate(err)
}

// Reserve implements campaign.Ledger: the generic cell rate algorithm with one row for a channel,
// by the database's clock, which all processes share. Who does not want to wait so long takes no
// turn: turns that nobody uses would push each other away for ever.
func (s *Campaigns) Reserve(ctx context.Context, ch h.Channel, n int, rate float64, patience time.Duration) (time.Duration, error) {
	var waits []float64 // seconds
	turn := float64(n) / rate
	err := s.bun.NewRaw(`
		INSERT INTO crm_rates AS r (channel, ready) VALUES (?, now() + ? * interval '1 second')
		ON CONFLICT (channel) DO UPDATE SET ready = greatest(r.ready, now()) + ? * interval '1 second'
			WHERE r.ready <= now() + ? * interval '1 second'
		RETURNING extract(epoch FROM ready - now()) - ?`,
		string(ch), turn, turn, patience.Seconds(), turn).Scan(ctx, &waits)
	if err != nil {
		return 0, translate(err)
	}
	if len(waits) == 0 {
		err = s.bun.NewRaw("SELECT extract(epoch FROM ready - now()) FROM crm_rates WHERE channel = ?", string(ch)).Scan(ctx, &waits)
		if err != nil || len(waits) == 0 {
			return 0, translate(err)
		}
		// Never less than patience, which would read as a turn that was given.
		return max(seconds(waits[0]), patience+time.Millisecond), nil
	}
	return seconds(waits[0]), nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
