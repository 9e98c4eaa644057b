package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/projection"
)

// BeginRepair implements projection.Store.
func (p *Projection) BeginRepair(ctx context.Context, feeds []projection.Feed, _ time.Time) error {
	return p.inTx(ctx, func(t *tx) error {
		// The lock makes of two beginnings at once one.
		if _, err := t.exec(ctx, "LOCK TABLE crm_repair_seen IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return err
		}
		var running bool
		if err := t.NewRaw("SELECT EXISTS (SELECT FROM crm_sync_feeds WHERE walk = 'repair' AND caught_up_at IS NULL)").
			Scan(ctx, &running); err != nil || running {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM crm_repair_seen"); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM crm_sync_feeds WHERE walk = 'repair'"); err != nil {
			return err
		}
		for _, feed := range feeds {
			// The database's clock, as for written_at: the two are compared.
			if _, err := t.exec(ctx, "INSERT INTO crm_sync_feeds (feed, walk, started_at) VALUES (?, 'repair', now())",
				string(feed)); err != nil {
				return err
			}
		}
		return nil
	})
}

// vanished tells, for each feed, which rows count as there and how one is marked as gone. A gone
// row's hash becomes 0, so that the host's row, should it come back with the same updated_at, is
// taken again.
var vanished = map[projection.Feed]struct{ table, key, present, mark, learner string }{
	projection.Learners: {
		"crm_learners", "r.host_id", "r.host_id IS NOT NULL AND r.status <> 'deleted'",
		`status = 'deleted', marketable = false, nickname = '', real_name = '', gender = '', birthday = NULL, mobile = '',
			mobile_verified = false, email = '', email_verified = false, usable_mobile = NULL, usable_email = NULL,
			register_source = '', device = '', last_login_at = NULL, locale = '', province = '', city = '', roles = '{}',
			inviter_host_id = '', consent_sms = '', consent_email = '', consent_message = '', dead_email = false, dead_mobile = false, custom = NULL`, "r.id"},
	projection.Offerings: {
		"crm_offerings", "r.type || ':' || r.host_id", "r.status NOT IN ('deleted', 'unknown')",
		"status = 'deleted', deleted_at = now()", ""},
	projection.Orders: {
		"crm_orders", "r.host_id", "r.status <> 'deleted'",
		"status = 'deleted', paid_amount = 0, refunded = 0, paid_on = NULL", "r.learner_id"},
	projection.Enrollments: {
		"crm_enrollments", "r.host_id", "r.status <> 'exited'",
		"status = 'exited', exited_at = now(), exit_reason = ''", "r.learner_id"},
	projection.Memberships: {
		"crm_memberships", "r.host_id", "NOT r.deleted", "deleted = true", "r.learner_id"},
}

// Below this many rows a feed may lose all of them; above, at most half in one pass.
const vanishFreely = 20

// EndRepair implements projection.Store.
func (p *Projection) EndRepair(ctx context.Context, feed projection.Feed, now time.Time) (int64, error) {
	v, ok := vanished[feed]
	if !ok {
		return 0, fmt.Errorf("end repair: feed %q is not repaired", feed)
	}
	var gone int64
	tooMany := false
	err := p.retryTx(ctx, func(t *tx) error {
		if err := createLists(ctx, t); err != nil {
			return err
		}
		if err := lockCanonical(ctx, t, false); err != nil {
			return err
		}
		// What was written since the pass began is there, whether the walk met it or not.
		missing := v.present + ` AND r.written_at < (SELECT started_at FROM crm_sync_feeds WHERE feed = ? AND walk = 'repair')
			AND NOT EXISTS (SELECT FROM crm_repair_seen s WHERE s.feed = ? AND s.host_id = ` + v.key + `)`
		var all int64
		if err := t.NewRaw("SELECT count(*), count(*) FILTER (WHERE "+missing+") FROM "+v.table+" r WHERE "+v.present,
			string(feed), string(feed)).Scan(ctx, &all, &gone); err != nil {
			return err
		}
		if tooMany = all > vanishFreely && gone*2 > all; tooMany {
			return closeRepair(ctx, t, feed, 0, projection.FailureVanished)
		}
		touch := ""
		if v.learner != "" {
			touch = "INSERT INTO crm_in_touched SELECT learner_id FROM up"
		} else {
			touch = "SELECT count(*) FROM up"
		}
		returning := v.learner
		if returning == "" {
			returning = "0"
		}
		if _, err := t.exec(ctx, "WITH up AS (UPDATE "+v.table+" r SET "+v.mark+", content_hash = 0, written_at = now() WHERE "+
			missing+" RETURNING "+returning+" AS learner_id) "+touch, string(feed), string(feed)); err != nil {
			return err
		}
		if _, err := refreshFacts(ctx, t, p.Currency, now); err != nil {
			return err
		}
		if !p.SkipFunnel {
			if _, err := t.exec(ctx, "INSERT INTO crm_in_whole SELECT learner_id FROM crm_in_touched"); err != nil {
				return err
			}
			if err := refreshPairs(ctx, t, p.Currency, p.Location, now, wholeSQL); err != nil {
				return err
			}
		}
		return closeRepair(ctx, t, feed, gone, "")
	})
	if err == nil && tooMany {
		return 0, projection.ErrTooManyVanished
	}
	return gone, err
}

// DropRepair implements projection.Store.
func (p *Projection) DropRepair(ctx context.Context, feed projection.Feed) error {
	return p.inTx(ctx, func(t *tx) error { return closeRepair(ctx, t, feed, 0, "") })
}

// closeRepair ends the pass over a feed. A failure stays on show until the next pass.
func closeRepair(ctx context.Context, t *tx, feed projection.Feed, gone int64, f projection.Failure) error {
	if _, err := t.exec(ctx, "DELETE FROM crm_repair_seen WHERE feed = ?", string(feed)); err != nil {
		return err
	}
	_, err := t.exec(ctx, `UPDATE crm_sync_feeds SET vanished = ?, caught_up_at = now(), failures = CASE WHEN ? = '' THEN 0 ELSE 1 END,
			failure = ?, failed_at = CASE WHEN ? = '' THEN NULL ELSE now() END, retry_at = NULL
		WHERE feed = ? AND walk = 'repair'`, gone, string(f), string(f), string(f), string(feed))
	return err
}
